//! The promises of wirescript, each a test that is named after what it says.

mod support;

mod conversation;
mod texts;
mod tidy;
