import NIOSSL

/// Certificates for these tests only, valid for a hundred years: each is self-signed and trusted by nobody who is not
/// told to.
enum TestCertificate {
    /// For localhost, 127.0.0.1 and ::1.
    case localhost
    /// For other.example.
    case other
    /// For 203.0.113.5, 2001:db8::5 and *.wild.example.
    case documentation

    func certificate() throws -> NIOSSLCertificate {
        try NIOSSLCertificate(bytes: Array(self.pem.certificate.utf8), format: .pem)
    }

    func server() throws -> TLSConfiguration {
        .makeServerConfiguration(
            certificateChain: [.certificate(try self.certificate())],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(self.pem.key.utf8), format: .pem))
        )
    }

    /// A client that trusts this certificate alone.
    func client() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([try self.certificate()])
        return configuration
    }

    private var pem: (certificate: String, key: String) {
        switch self {
        case .localhost: (TestCertificate.localhostCertificate, TestCertificate.localhostKey)
        case .other: (TestCertificate.otherCertificate, TestCertificate.otherKey)
        case .documentation: (TestCertificate.documentationCertificate, TestCertificate.documentationKey)
        }
    }

    private static let localhostCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBpTCCAUqgAwIBAgIUeO8FO+cQHxaYECp1BneyZFdyDZswCgYIKoZIzj0EAwIw
        DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxMzI2NDZaGA8yMTI2MTAzMDEzMjY0
        NlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABG0y
        XYn3rKhOmgWrCkMxnUqQYqRB+H7jY3lWzwFP/dVAHr4mdBB4cCtCQdK228jwnmzl
        pZ0YFiORNnmRtLfgVTSjgYEwfzAdBgNVHQ4EFgQUadEka6xcwmiQKu44UViAeQUi
        mBUwHwYDVR0jBBgwFoAUadEka6xcwmiQKu44UViAeQUimBUwDwYDVR0TAQH/BAUw
        AwEB/zAsBgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGHEAAAAAAAAAAAAAAAAAAA
        AAEwCgYIKoZIzj0EAwIDSQAwRgIhAIxN2+ItG70yKMdv0zyd1zcWKsmCpATtnXt3
        oYwx6UScAiEAt42g32QVHYYCaEkLe5iOyBnFFDYVYeJjYQ+1gNymodA=
        -----END CERTIFICATE-----
        """
    private static let localhostKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGLOSryrmbm8KWWSZ
        nGcVRTq9NIKQG3LyG3AnXQnqbdGhRANCAARtMl2J96yoTpoFqwpDMZ1KkGKkQfh+
        42N5Vs8BT/3VQB6+JnQQeHArQkHSttvI8J5s5aWdGBYjkTZ5kbS34FU0
        -----END PRIVATE KEY-----
        """
    private static let otherCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBjjCCATWgAwIBAgIUOL5SzAFYvJggGzRsQl7JldIn9kMwCgYIKoZIzj0EAwIw
        DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxMzI2NDZaGA8yMTI2MTAzMDEzMjY0
        NlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHI4
        KVhJgsUg+uUTmyWb1tmPu4fgAhfTsvhr03Jx2t5N7NqRTqas3v7LXuMSd+ZF2y6L
        iTIxYo5FlDHxL0AEnAKjbTBrMB0GA1UdDgQWBBQVj79070OWsBfBusl9I9zNks3U
        bTAfBgNVHSMEGDAWgBQVj79070OWsBfBusl9I9zNks3UbTAPBgNVHRMBAf8EBTAD
        AQH/MBgGA1UdEQQRMA+CDW90aGVyLmV4YW1wbGUwCgYIKoZIzj0EAwIDRwAwRAIg
        cnyW1LB532mMh2VsOsBS+E/jxGaJK4P8j1zah11dXO8CIBb0zizl897wja9B4zvX
        gir0NB2o1AUp82KiLvK8wsrT
        -----END CERTIFICATE-----
        """
    private static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3TFcsOUd9Gu7glKH
        sZ5wG8wLBmDXbW7t+7znS9MWPaahRANCAARyOClYSYLFIPrlE5slm9bZj7uH4AIX
        07L4a9NycdreTezakU6mrN7+y17jEnfmRdsui4kyMWKORZQx8S9ABJwC
        -----END PRIVATE KEY-----
        """
    private static let documentationCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBuzCCAWCgAwIBAgIUPC7/NuvwWzICTrYpOsMdsF+3NHgwCgYIKoZIzj0EAwIw
        DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjYyMTM5NDhaGA8yMTI2MTEwMjIxMzk0
        OFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHmr
        JjoG6iEvKsM+xs8wCRR4jr0WDZU5ZWpv2iKECPs4gKZIi/vXgLWoWiVJowWSFhrx
        pBeCC5ZfXQpwrjZiKY6jgZcwgZQwHQYDVR0OBBYEFHzsvT/2ov8Ef4qKCGzqR5WN
        l8RTMB8GA1UdIwQYMBaAFHzsvT/2ov8Ef4qKCGzqR5WNl8RTMA8GA1UdEwEB/wQF
        MAMBAf8wMQYDVR0RBCowKIcEywBxBYcQIAENuAAAAAAAAAAAAAAABYIOKi53aWxk
        LmV4YW1wbGUwDgYDVR0PAQH/BAQDAgKEMAoGCCqGSM49BAMCA0kAMEYCIQCeDpUo
        IjJaul2dxkBylOp2c5R7kh7Iho1E7abawO7BvgIhAMxrDax12rufAiuWbpGe598O
        tgQ2sMATjE7fRBbZteGp
        -----END CERTIFICATE-----
        """
    private static let documentationKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMCbBY/FooSgAL5PQ
        Pf87e85VVU2GgX+gvaQduiXyAkOhRANCAAR5qyY6BuohLyrDPsbPMAkUeI69Fg2V
        OWVqb9oihAj7OICmSIv714C1qFolSaMFkhYa8aQXgguWX10KcK42YimO
        -----END PRIVATE KEY-----
        """
}
