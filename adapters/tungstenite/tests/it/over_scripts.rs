//! The promises of a WebSocket over scripted bytes, which come whole, one by one, and cut by chance:
//! the same comes of all.

use wirescript::scripted::Chunks;

use crate::scripted::{Cut, Script};

macro_rules! cut {
    ($($name:ident: $chunks:expr;)+) => {$(
        mod $name {
            struct Cut;

            impl super::Cut for Cut {
                fn chunks() -> Option<super::Chunks> {
                    $chunks
                }
            }

            wirescript_conformance::websocket_promises!(super::Script<Cut>);
        }
    )+};
}

cut! {
    whole: None;
    bytewise: Some(super::Chunks::Bytewise);
    by_chance: Some(super::Chunks::Seeded(7));
}
