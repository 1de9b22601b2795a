//! Faults: errors as data, with what the platform says of them.

use std::io::{self, ErrorKind};
use std::net::ToSocketAddrs;

use futures::executor::block_on;
use wirescript::scripted::Fault;
use wirescript::{Connect, Endpoint, ErrorClass, Verifier, any, classify};

#[test]
fn presets_are_what_a_client_calls_them() {
    for (fault, class) in [
        (Fault::refused(), ErrorClass::Refused),
        (Fault::reset(), ErrorClass::Reset),
        (Fault::timed_out(), ErrorClass::TimedOut),
        (Fault::unresolvable(), ErrorClass::Unresolvable),
    ] {
        assert_eq!(classify(&fault.into()), class, "{fault}");
    }
}

#[test]
fn a_name_that_does_not_resolve_is_the_error_of_the_real_resolver() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("nowhere.invalid:1").raises(Fault::unresolvable());
    let error = block_on(net.connect(&Endpoint::new("nowhere.invalid", 1))).unwrap_err();
    let real = ("x".repeat(64).as_str(), 1).to_socket_addrs().unwrap_err();
    assert_eq!((error.kind(), error.raw_os_error()), (real.kind(), real.raw_os_error()));
    assert_eq!(error.to_string(), real.to_string());
    verifier.verify();
}

#[test]
fn a_fault_is_asserted_as_it_was_written() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect(any()).raises(Fault::unresolvable());
    block_on(net.connect(&Endpoint::new("nowhere", 1))).unwrap_err();
    let report = verifier.try_verify().unwrap_err().to_string();
    assert!(report.contains("net.raised(Fault::unresolvable()).assert_connect(\"nowhere:1\");"));
    net.raised(Fault::unresolvable()).assert_connect("nowhere:1");
    verifier.verify();
}

#[test]
fn a_kind_without_a_code_on_this_platform_is_that_kind() {
    let error = io::Error::from(Fault::from(ErrorKind::UnexpectedEof));
    assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::UnexpectedEof, None));
}
