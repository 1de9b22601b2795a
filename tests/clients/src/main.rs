//! Clients that nobody here wrote, unchanged: on doubles, and on the servers that they are for.
//!
//! Each module has one client, what it does with its server as a function over any connector, and
//! the script of the same conversation. Where the protocol is deterministic, what passed between
//! the client and the real server is compared with the script, byte by byte.

mod by_script;
mod codecs;
mod example;
mod hyper;
mod postgres;
mod recorder;
mod redis;
mod servers;

/// Makes two tests of each body: on tokio's runtime with one thread, and with several.
macro_rules! both_flavours {
    ($($(#[$attribute:meta])* async fn $name:ident() $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$attribute])*
            async fn body() $body

            #[tokio::test]
            async fn on_one_thread() {
                body().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_several_threads() {
                body().await;
            }
        }
    )+};
}
pub(crate) use both_flavours;
