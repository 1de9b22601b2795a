//! A WebSocket of the adapter and one of tokio-tungstenite, over the same pipe in memory.
//!
//! What the peer does is the same for both and as little as can be: it moves frames that were made
//! before, or takes so many bytes.

use futures::executor::block_on;
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use wirescript::Verifier;
use wirescript::scripted::ScriptedWebSocket;
use wirescript::websocket::{Message, Text, WebSocketRequest};
use wirescript_tokio::TokioSocket;
use wirescript_tungstenite::TungsteniteSocket;

/// Room for all that is on its way at once, so that nobody waits.
const ROOM: usize = 512 * 1024;

/// How much tokio-tungstenite reads at once, unless it is told.
pub const USUAL: usize = 128 * 1024;

/// How much the adapter reads at once.
pub const TUNED: usize = 16 * 1024;

/// How many messages are on their way at once in the rows that are called pipelined.
pub const PIPELINED: usize = 64;

/// The other end of the pipe.
#[derive(Debug)]
pub struct Far {
    pipe: DuplexStream,
    frame: Vec<u8>,
    /// How long a frame of the client's is.
    len: usize,
    taken: Vec<u8>,
}

impl Far {
    fn new(pipe: DuplexStream, payload: usize) -> Self {
        let header = if payload < 126 {
            vec![0x81, u8::try_from(payload).expect("it is small")]
        } else {
            let len = u16::try_from(payload).expect("it is no larger").to_be_bytes();
            vec![0x81, 126, len[0], len[1]]
        };
        let frame = [header, vec![b'x'; payload]].concat();
        let len = frame.len() + 4;
        Self { pipe, frame, len, taken: vec![0; len] }
    }

    /// Says so many messages.
    async fn say(&mut self, messages: usize) {
        for _ in 0..messages {
            self.pipe.write_all(&self.frame).await.expect("there is room");
        }
    }

    /// Takes so many messages.
    async fn take(&mut self, messages: usize) {
        for _ in 0..messages {
            self.pipe.read_exact(&mut self.taken[..self.len]).await.expect("they are there");
        }
    }
}

/// A client of either kind.
#[expect(async_fn_in_trait, reason = "nobody else calls it")]
pub trait Client: Sized {
    /// One that is connected, whose messages have payloads of so many bytes.
    fn connected(payload: usize) -> (Self, Far);

    /// Queues a message.
    async fn feed(&mut self);

    /// Writes what is queued.
    async fn flush(&mut self);

    /// Sends a message.
    async fn send(&mut self);

    /// Receives a message, and returns how long it is.
    async fn receive(&mut self) -> usize;
}

/// The adapter.
#[derive(Debug)]
pub struct Subject {
    socket: TungsteniteSocket<TokioSocket<DuplexStream>>,
    text: Text,
}

impl Client for Subject {
    fn connected(payload: usize) -> (Self, Far) {
        let (near, far) = duplex(ROOM);
        let request = WebSocketRequest::new("ws://bench.internal/").expect("it is one");
        let (socket, far) = block_on(async {
            futures::join!(
                TungsteniteSocket::client(TokioSocket::new(near), &request),
                tokio_tungstenite::accept_async(far),
            )
        });
        let (socket, far) = (socket.expect("it opens"), far.expect("it opens").into_inner());
        (Self { socket, text: "x".repeat(payload).into() }, Far::new(far, payload))
    }

    async fn feed(&mut self) {
        self.socket.feed(Message::Text(self.text.clone())).await.expect("there is room");
    }

    async fn flush(&mut self) {
        self.socket.flush().await.expect("there is room");
    }

    async fn send(&mut self) {
        self.socket.send(Message::Text(self.text.clone())).await.expect("there is room");
    }

    async fn receive(&mut self) -> usize {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => text.len(),
            other => panic!("{other:?}"),
        }
    }
}

/// What it is compared with: tokio-tungstenite that reads so many bytes at once.
#[derive(Debug)]
pub struct Reference<const READ: usize> {
    socket: WebSocketStream<DuplexStream>,
    text: tokio_tungstenite::tungstenite::Utf8Bytes,
}

impl<const READ: usize> Client for Reference<READ> {
    fn connected(payload: usize) -> (Self, Far) {
        let (near, far) = duplex(ROOM);
        let config = WebSocketConfig::default().read_buffer_size(READ);
        let opening = WebSocketStream::from_raw_socket(near, Role::Client, Some(config));
        let socket = block_on(opening);
        (Self { socket, text: "x".repeat(payload).into() }, Far::new(far, payload))
    }

    async fn feed(&mut self) {
        let message = tokio_tungstenite::tungstenite::Message::Text(self.text.clone());
        self.socket.feed(message).await.expect("there is room");
    }

    async fn flush(&mut self) {
        self.socket.flush().await.expect("there is room");
    }

    async fn send(&mut self) {
        let message = tokio_tungstenite::tungstenite::Message::Text(self.text.clone());
        self.socket.send(message).await.expect("there is room");
    }

    async fn receive(&mut self) -> usize {
        match self.socket.next().await {
            Some(Ok(tokio_tungstenite::tungstenite::Message::Text(text))) => text.len(),
            other => panic!("{other:?}"),
        }
    }
}

/// How many exchanges a script has.
pub const EXCHANGES: usize = 256;

/// A scripted WebSocket, with the verifier that judges it, whose peer answers so many messages.
#[derive(Debug)]
pub struct Scripted {
    socket: ScriptedWebSocket,
    text: Text,
    _verifier: Verifier,
}

impl Scripted {
    /// One that is connected, whose messages have payloads of so many bytes.
    pub fn connected(payload: usize) -> Self {
        let text = Text::from("x".repeat(payload));
        let verifier = Verifier::new();
        let mut script = verifier.websocket().new_session();
        for _ in 0..EXCHANGES {
            script = script.expect_send(text.clone()).expect_recv(text.clone()).erased();
        }
        Self { socket: script.into_websocket(), text, _verifier: verifier }
    }

    /// Sends all messages, and receives each answer.
    pub async fn exchange(mut self) -> Self {
        for _ in 0..EXCHANGES {
            self.socket.send(Message::Text(self.text.clone())).await.expect("it is scripted");
            let answer = self.socket.next().await.expect("it is scripted");
            std::hint::black_box(answer.expect("it is scripted"));
        }
        self
    }
}

/// The same over a pipe.
pub async fn exchange<C: Client>((mut client, mut far): (C, Far)) -> (C, Far) {
    for _ in 0..EXCHANGES {
        echo(&mut client, &mut far).await;
    }
    (client, far)
}

/// Receives one message.
pub async fn receive<C: Client>(client: &mut C, far: &mut Far) {
    far.say(1).await;
    std::hint::black_box(client.receive().await);
}

/// Sends one message.
pub async fn send<C: Client>(client: &mut C, far: &mut Far) {
    client.send().await;
    far.take(1).await;
}

/// Sends one message and receives another.
pub async fn echo<C: Client>(client: &mut C, far: &mut Far) {
    send(client, far).await;
    receive(client, far).await;
}

/// Sends many messages at once, and receives as many that came at once.
pub async fn pipelined<C: Client>(client: &mut C, far: &mut Far) {
    for _ in 0..PIPELINED {
        client.feed().await;
    }
    client.flush().await;
    far.take(PIPELINED).await;
    far.say(PIPELINED).await;
    for _ in 0..PIPELINED {
        std::hint::black_box(client.receive().await);
    }
}
