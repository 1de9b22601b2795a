//! What every blocking socket promises, asserted of real ones and of the double alike.

use std::fmt::Debug;
use std::io::{self, ErrorKind};

use wirescript::blocking::{Socket, SocketExt};
use wirescript::{ErrorClass, classify};

/// C5: the one time that a reset is told.
#[track_caller]
pub(crate) fn check_reset<T: Debug>(result: io::Result<T>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(classify(&error), ErrorClass::Reset);
    assert!(error.raw_os_error().is_some());
}

/// C5, once the reset has been told: reads give EOF, writes fail, and closing is fine (C4).
#[track_caller]
pub(crate) fn check_broken(socket: &mut impl Socket) {
    for _ in 0..3 {
        assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 0);
        let error = socket.send(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(classify(&error), ErrorClass::BrokenPipe);
        assert!(error.raw_os_error().is_some());
        socket.shutdown().unwrap();
    }
}
