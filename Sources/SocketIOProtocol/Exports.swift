// Values hold these dictionaries, so whoever has values has them.
@_exported public import OrderedCollections
