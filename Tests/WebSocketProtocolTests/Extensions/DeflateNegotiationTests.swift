import Testing

@testable import WebSocketProtocol

@Suite("Agreeing on permessage-deflate (RFC 7692 §5, §7.1)")
struct DeflateNegotiationTests {
    private func configuration(
        _ change: (inout CompressionConfiguration) -> Void = { _ in }
    ) -> CompressionConfiguration {
        var configuration = CompressionConfiguration()
        change(&configuration)
        return configuration
    }

    /// Windows of 32 KiB: what the defaults would add to an answer stays out of the way.
    private var wide: CompressionConfiguration {
        self.configuration {
            $0.sendWindowBits = 15
            $0.receiveWindowBits = 15
        }
    }

    private func answer(_ offer: String, _ configuration: CompressionConfiguration) throws -> String? {
        DeflateNegotiation.answer(try #require(ExtensionElement.parse([offer])), configuration)?.fieldValue
    }

    @Test("A server answers each parameter as §7.1 says", .requirement(83, 195, 210, 212, 215, 217))
    func answers() throws {
        let name = "permessage-deflate"
        #expect(try self.answer(name, self.wide) == name)
        #expect(
            try self.answer("\(name); server_no_context_takeover", self.wide) == "\(name); server_no_context_takeover")
        #expect(
            try self.answer("\(name); client_no_context_takeover", self.wide) == "\(name); client_no_context_takeover")
        #expect(
            try self.answer("\(name); server_max_window_bits=15", self.wide) == "\(name); server_max_window_bits=15")
        #expect(try self.answer("\(name); server_max_window_bits=9", self.wide) == "\(name); server_max_window_bits=9")
        #expect(try self.answer("\(name); client_max_window_bits", self.wide) == "\(name); client_max_window_bits=15")
        #expect(try self.answer("\(name); client_max_window_bits=8", self.wide) == "\(name); client_max_window_bits=8")
        // Quoted values are values (§9.1 of RFC 6455).
        #expect(
            try self.answer("\(name); server_max_window_bits=\"10\"", self.wide) == "\(name); server_max_window_bits=10"
        )
    }

    @Test(
        "A server says unasked what it wants, but asks for a client window only if it may (§7.1.2.2)",
        .requirement(210, 212, 215, 217, 220))
    func defaults() throws {
        let name = "permessage-deflate"
        #expect(try self.answer(name, self.configuration()) == "\(name); server_max_window_bits=12")
        #expect(
            try self.answer("\(name); client_max_window_bits", self.configuration())
                == "\(name); server_max_window_bits=12; client_max_window_bits=12")
        #expect(
            try self.answer("\(name); server_max_window_bits=14; client_max_window_bits=10", self.configuration())
                == "\(name); server_max_window_bits=12; client_max_window_bits=10")
        let configuration = self.configuration {
            $0.sendContextTakeover = false
            $0.receiveContextTakeover = false
            $0.sendWindowBits = 15
        }
        #expect(
            try self.answer(name, configuration) == "\(name); server_no_context_takeover; client_no_context_takeover")
        // No agreement about the client's window: it is 32 KiB (§7.2.2).
        let offers = try #require(ExtensionElement.parse([name]))
        let agreement = try #require(DeflateNegotiation.answer(offers, configuration)).agreement
        #expect(agreement.receiveWindowBits == 15)
        #expect(!agreement.sendContextTakeover && !agreement.receiveContextTakeover)
    }

    @Test(
        "An offer with an unknown, repeated or invalid parameter is declined, and the next one tried",
        .requirement(178, 181, 194, 204, 205, 206, 207))
    func declined() throws {
        let bad = [
            "permessage-deflate; unknown", "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; client_no_context_takeover=true",
            "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; client_max_window_bits=x",
            "permessage-deflate; client_max_window_bits=8; client_max_window_bits",
            "x-webkit-deflate-frame", "permessage-bzip2", "Permessage-Deflate",
        ]
        for offer in bad {
            #expect(try self.answer(offer, self.wide) == nil, "\(offer)")
            #expect(
                try self.answer("\(offer), permessage-deflate; server_max_window_bits=11", self.wide)
                    == "permessage-deflate; server_max_window_bits=11")
        }
        #expect(try self.answer("", self.wide) == nil)
    }

    @Test(
        "Class 18: extension parameter crash. Of all values of a window only 8 to 15 are taken",
        .requirement(205, 214, 218))
    func class18WindowBits() throws {
        let values = (0...300).map(String.init) + ["-8", "+8", "08", "8.0", "99999999999999999999", "0x8", "8a"]
        for value in values {
            for parameter in ["server_max_window_bits", "client_max_window_bits"] {
                let offer = "permessage-deflate; \(parameter)=\(value)"
                let isValid = (8...15).map(String.init).contains(value)
                #expect((try self.answer(offer, self.wide) != nil) == isValid, "\(offer)")
            }
        }
        for byte in UInt8.min ... .max {
            let line = "permessage-deflate; client_max_window_bits=\(Character(Unicode.Scalar(byte)))"
            let isValid = byte == UInt8(ascii: "8") || byte == UInt8(ascii: "9")
            let offers = ExtensionElement.parse([line])
            #expect((offers.flatMap { DeflateNegotiation.answer($0, self.wide) } != nil) == isValid, "\(byte)")
        }
    }

    @Test("The offers that browsers and other clients make are accepted, each with its answer", .requirement(237))
    func peers() throws {
        let name = "permessage-deflate"
        for (offer, answer) in [
            // Chromium, Firefox
            ("\(name); client_max_window_bits", "\(name); server_max_window_bits=12; client_max_window_bits=12"),
            // Safari
            (name, "\(name); server_max_window_bits=12"),
            ("x-webkit-deflate-frame, \(name)", "\(name); server_max_window_bits=12"),
            (
                "\(name); server_no_context_takeover; client_no_context_takeover",
                "\(name); server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"
            ),
            (
                "\(name);client_max_window_bits;server_max_window_bits=12",
                "\(name); server_max_window_bits=12; client_max_window_bits=12"
            ),
        ] {
            #expect(try self.answer(offer, self.configuration()) == answer, "\(offer)")
        }
    }

    @Test(
        "A client asks for a window only if it was told to, and then offers to do without",
        .requirement(194, 209, 211, 214, 216, 286))
    func offers() {
        let name = "permessage-deflate"
        #expect(DeflateNegotiation.offer(self.configuration()) == "\(name); client_max_window_bits")
        #expect(DeflateNegotiation.offer(self.wide) == "\(name); client_max_window_bits")
        #expect(
            DeflateNegotiation.offer(self.configuration { $0.receiveWindowBits = 12 })
                == "\(name); server_max_window_bits=12; client_max_window_bits, \(name); client_max_window_bits")
        let configuration = self.configuration {
            $0.sendContextTakeover = false
            $0.receiveContextTakeover = false
            $0.receiveWindowBits = 15
            $0.sendWindowBits = 9
        }
        #expect(
            DeflateNegotiation.offer(configuration)
                == "\(name); server_no_context_takeover; client_no_context_takeover; client_max_window_bits")
    }

    private func agreement(_ response: String, _ configuration: CompressionConfiguration) throws -> DeflateAgreement? {
        try DeflateNegotiation.agreement(try #require(ExtensionElement.parse([response])), configuration)
    }

    @Test("A client takes every answer that fits its offers", .requirement(179, 212, 213, 215))
    func accepted() throws {
        #expect(try self.agreement("", self.configuration()) == nil)
        let plain = try #require(try self.agreement("permessage-deflate", self.configuration()))
        #expect(plain.receiveWindowBits == 15 && plain.sendWindowBits == 12)
        #expect(plain.sendContextTakeover && plain.receiveContextTakeover)
        let full = try #require(
            try self.agreement(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8; "
                    + "client_max_window_bits=9", self.configuration()))
        #expect(full.receiveWindowBits == 8 && full.sendWindowBits == 9)
        #expect(!full.sendContextTakeover && !full.receiveContextTakeover)
    }

    @Test(
        "A client fails on an answer that fits no offer, never otherwise than with an error",
        .requirement(196, 208, 218),
        arguments: [
            "permessage-deflate; unknown", "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=16", "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=12; server_max_window_bits=12", "permessage-bzip2",
            "permessage-deflate, permessage-deflate", "permessage-deflate; server_no_context_takeover=0",
        ])
    func failed(response: String) {
        #expect(throws: HandshakeFailure.self) { try self.agreement(response, self.configuration()) }
    }

    @Test(
        "A client that asked a server not to take over its context fails on one that does (§7.1.1.1)", .requirement(208)
    )
    func brokenPromise() {
        let configuration = self.configuration { $0.receiveContextTakeover = false }
        #expect(throws: HandshakeFailure.extensionParameters) {
            try self.agreement("permessage-deflate", configuration)
        }
    }
}
