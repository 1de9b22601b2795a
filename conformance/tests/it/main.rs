//! That the promises are all there, and that whoever breaks one is caught.

mod broken;
mod broken_websockets;
mod complete;
