//! The messages of PostgreSQL's protocol (version 3.0), both ways, as the chapter "Message Formats"
//! of its manual has them; and what two conversations have in common.

use bytes::BufMut;

/// Object ids of types, from `pg_type`.
pub(super) const INT4: i32 = 23;
pub(super) const TEXT: i32 = 25;

/// Kinds of authentication.
pub(super) const OK: i32 = 0;
pub(super) const CLEARTEXT_PASSWORD: i32 = 3;

/// Formats of parameters and results.
const AS_TEXT: i16 = 0;
const AS_BINARY: i16 = 1;

/// The length of a message counts itself.
const LENGTH: usize = 4;

// What the client says.

pub(super) fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
    const VERSION: i32 = 3 << 16;
    let mut body = Vec::new();
    body.put_i32(VERSION);
    for (name, value) in parameters {
        body.put_text(name);
        body.put_text(value);
    }
    body.put_u8(0);
    // The tag came with a later version.
    message(0, &body).split_off(1)
}

pub(super) fn password(password: &str) -> Vec<u8> {
    message(b'p', &text(password))
}

pub(super) fn query(sql: &str) -> Vec<u8> {
    message(b'Q', &text(sql))
}

pub(super) fn parse(statement: &str, sql: &str) -> Vec<u8> {
    let mut body = text(statement);
    body.put_text(sql);
    body.put_i16(0); // no types of parameters are given
    message(b'P', &body)
}

pub(super) fn describe(statement: &str) -> Vec<u8> {
    message(b'D', &[b"S", &*text(statement)].concat())
}

pub(super) fn bind(statement: &str, arguments: &[i32]) -> Vec<u8> {
    let mut body = text(""); // the portal
    body.put_text(statement);
    body.put_count(arguments.len());
    arguments.iter().for_each(|_| body.put_i16(AS_BINARY));
    body.put_count(arguments.len());
    for argument in arguments {
        body.put_value(Some(&argument.to_be_bytes()));
    }
    body.put_count(1);
    body.put_i16(AS_BINARY);
    message(b'B', &body)
}

pub(super) fn execute() -> Vec<u8> {
    let mut body = text(""); // the portal
    body.put_i32(0); // all rows
    message(b'E', &body)
}

pub(super) fn close(statement: &str) -> Vec<u8> {
    message(b'C', &[b"S", &*text(statement)].concat())
}

pub(super) fn sync() -> Vec<u8> {
    message(b'S', &[])
}

pub(super) fn terminate() -> Vec<u8> {
    message(b'X', &[])
}

// What the server says.

pub(super) fn authentication(kind: i32) -> Vec<u8> {
    message(b'R', &kind.to_be_bytes())
}

pub(super) fn parameter_status(name: &str, value: &str) -> Vec<u8> {
    message(b'S', &[text(name), text(value)].concat())
}

pub(super) fn backend_key_data(process: i32, secret: i32) -> Vec<u8> {
    message(b'K', &[process.to_be_bytes(), secret.to_be_bytes()].concat())
}

/// Outside a transaction, as always here.
pub(super) fn ready_for_query() -> Vec<u8> {
    message(b'Z', b"I")
}

/// Columns that are computed, of types without modifiers.
pub(super) fn row_description(columns: &[(&str, i32)]) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_count(columns.len());
    for (name, type_id) in columns {
        body.put_text(name);
        body.put_i32(0); // of no table
        body.put_i16(0);
        body.put_i32(*type_id);
        body.put_i16(if *type_id == INT4 { 4 } else { -1 }); // how many bytes, if always as many
        body.put_i32(-1); // no modifier
        body.put_i16(AS_TEXT);
    }
    message(b'T', &body)
}

pub(super) fn data_row(values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_count(values.len());
    values.iter().for_each(|value| body.put_value(*value));
    message(b'D', &body)
}

pub(super) fn command_complete(tag: &str) -> Vec<u8> {
    message(b'C', &text(tag))
}

pub(super) fn parse_complete() -> Vec<u8> {
    message(b'1', &[])
}

pub(super) fn bind_complete() -> Vec<u8> {
    message(b'2', &[])
}

pub(super) fn close_complete() -> Vec<u8> {
    message(b'3', &[])
}

pub(super) fn parameter_description(types: &[i32]) -> Vec<u8> {
    let mut body = Vec::new();
    body.put_count(types.len());
    types.iter().for_each(|type_id| body.put_i32(*type_id));
    message(b't', &body)
}

pub(super) fn notice(fields: &[(char, &str)]) -> Vec<u8> {
    message(b'N', &list(fields))
}

pub(super) fn error(fields: &[(char, &str)]) -> Vec<u8> {
    message(b'E', &list(fields))
}

// What two conversations have in common.

/// What a client sent, less the names of its statements.
pub(super) fn without_names(sent: &[u8]) -> Vec<u8> {
    // The first message of a connection has a length where the others have a tag; it is short.
    let untagged = match sent {
        [0, 0, 0, length, ..] => usize::from(*length).min(sent.len()),
        _ => 0,
    };
    let (untagged, tagged) = sent.split_at(untagged);
    let tagged = each(tagged, |tag, body| {
        let before = match tag {
            b'P' => 0,
            // The name of the portal, which is empty here; or what it is that has the name.
            b'B' | b'D' | b'C' => 1,
            _ => return message(tag, body),
        };
        let (kept, rest) = body.split_at(before.min(body.len()));
        message(tag, &[kept, after_text(rest)].concat())
    });
    [untagged, &tagged].concat()
}

/// What a server said, less what depends on its version, its configuration and its day.
pub(super) fn without_circumstances(received: &[u8]) -> Vec<u8> {
    each(received, |tag, body| match tag {
        b'S' => Vec::new(),
        b'K' => message(tag, &[]),
        // File, line and routine.
        b'N' | b'E' => message(tag, &without_fields(body, b"FLR")),
        _ => message(tag, body),
    })
}

/// Whole messages, changed one by one. What is no whole message stays as it is.
fn each(bytes: &[u8], change: impl Fn(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut changed = Vec::new();
    let mut rest = bytes;
    while let Some((tag, body, after)) = split(rest) {
        changed.extend(change(tag, body));
        rest = after;
    }
    changed.extend_from_slice(rest);
    changed
}

/// The tag and the body of the first message, and what comes after it.
fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let length = u32::from_be_bytes(*rest.first_chunk::<LENGTH>()?);
    let (body, after) = rest.split_at_checked(length as usize)?;
    Some((*tag, body.get(LENGTH..)?, after))
}

fn without_fields(fields: &[u8], unwanted: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut rest = fields;
    while let [kind, after @ ..] = rest {
        let next = after_text(after);
        if !unwanted.contains(kind) {
            kept.extend_from_slice(&rest[..rest.len() - next.len()]);
        }
        // The list ends with a zero where a kind would be.
        rest = if *kind == 0 { &[] } else { next };
    }
    kept
}

/// What comes behind the text at the start of `bytes`.
fn after_text(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0);
    end.map_or(&[], |end| &bytes[end + 1..])
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![tag];
    message.put_u32((LENGTH + body.len()) as u32);
    message.put_slice(body);
    message
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.put_text(text);
    bytes
}

fn list(fields: &[(char, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, value) in fields {
        body.put_u8(*kind as u8);
        body.put_text(value);
    }
    body.put_u8(0);
    body
}

/// The parts of which messages are made.
trait Parts: BufMut {
    fn put_text(&mut self, text: &str) {
        self.put_slice(text.as_bytes());
        self.put_u8(0);
    }

    fn put_count(&mut self, count: usize) {
        self.put_i16(count as i16);
    }

    fn put_value(&mut self, value: Option<&[u8]>) {
        const NULL: i32 = -1;
        match value {
            None => self.put_i32(NULL),
            Some(value) => {
                self.put_i32(value.len() as i32);
                self.put_slice(value);
            }
        }
    }
}

impl Parts for Vec<u8> {}
