//! What the layer promises, with a rustls server and a test CA in the same process: on the sockets of
//! every runtime, on blocking ones, and on a script; and with OpenSSL.

mod blocking;
mod certificates;
mod connecting;
mod ends;
mod openssl;
mod promises;
mod scripted;
mod support;
