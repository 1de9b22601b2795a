//! That the promises are all there, and that whoever breaks one is caught.

mod broken;
mod complete;
