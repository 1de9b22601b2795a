//! What JSON-RPC 2.0 says, as text.

use serde_json::{Value, json};

use super::error::Error;

/// The code for a method that this side does not have.
pub(super) const METHOD_NOT_FOUND: i64 = -32601;

/// A call, or without an id a notification.
pub(super) fn call(id: Option<u64>, method: &str, params: &Value) -> String {
    let id = id.map_or_else(String::new, |id| format!(r#""id":{id},"#));
    let method = Value::from(method);
    format!(r#"{{"jsonrpc":"2.0",{id}"method":{method},"params":{params}}}"#)
}

/// What a client answers that has no methods.
pub(super) fn method_not_found(id: &Value) -> String {
    let error = json!({ "code": METHOD_NOT_FOUND, "message": "method not found" });
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
}

/// What a server sends.
pub(super) enum Incoming {
    Reply { id: Value, outcome: Result<Value, Error> },
    Notification { method: String, params: Value },
    Request { id: Value },
}

impl Incoming {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let Ok(mut message) = serde_json::from_str::<Value>(text) else {
            return Err("a text that is no JSON");
        };
        if message["jsonrpc"] != "2.0" {
            return Err("JSON that is no JSON-RPC 2.0");
        }
        let mut take = |name| message.get_mut(name).map(Value::take);
        match (take("method"), take("id"), take("result"), take("error")) {
            (Some(Value::String(method)), None, None, None) => {
                Ok(Self::Notification { method, params: take("params").unwrap_or_default() })
            }
            (Some(Value::String(_)), Some(id), None, None) => Ok(Self::Request { id }),
            (None, Some(id), Some(result), None) => Ok(Self::Reply { id, outcome: Ok(result) }),
            (None, Some(id), None, Some(error)) => {
                let (code, message) = (error["code"].as_i64(), error["message"].as_str());
                let (Some(code), Some(message)) = (code, message) else {
                    return Err("an error without a code or message");
                };
                let refused = Error::Refused { code, message: message.to_owned() };
                Ok(Self::Reply { id, outcome: Err(refused) })
            }
            _ => Err("JSON-RPC that is neither call nor reply"),
        }
    }
}
