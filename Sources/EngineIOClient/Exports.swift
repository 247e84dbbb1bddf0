// One import is enough: messages, transports and the configuration of WebSockets come with the product.
@_exported public import EngineIOProtocol
@_exported public import WebSocketClient
