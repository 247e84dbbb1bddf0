// One import is enough: connections, messages, close codes and limits come with the product.
@_exported public import WebSocketNIO
@_exported public import WebSocketProtocol
