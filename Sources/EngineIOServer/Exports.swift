// One import is enough: requests and responses, reasons and transports come with the product.
@_exported public import EngineIOProtocol
@_exported public import WebSocketServer
