// One import is enough: requests and responses, values and reasons come with the product.
@_exported public import EngineIOServer
@_exported public import SocketIOProtocol
