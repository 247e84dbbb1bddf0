// One import is enough: values, errors and the configuration of sessions come with the product.
@_exported public import EngineIOClient
@_exported public import SocketIOProtocol
