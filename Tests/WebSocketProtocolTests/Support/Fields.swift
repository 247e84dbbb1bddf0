import HTTPTypes

/// Header fields in this order, repeated names allowed.
func headerFields(_ pairs: (HTTPField.Name, String)...) -> HTTPFields {
    var fields = HTTPFields()
    for (name, value) in pairs { fields.append(HTTPField(name: name, value: value)) }
    return fields
}
