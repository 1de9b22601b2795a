//! A case as Rust code, for a person to paste.

use std::fmt::{self, Display, Formatter};

use super::script::{
    Batch, Case, Chunks, Count, Delay, ENDPOINTS, Extent, Flag, Form, Framing, Ingredient,
    Modifier, Op, Part, Step, Test, Value, What,
};
use super::text::bytes;

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let setup = self.setup;
        let patience =
            if setup.has_no_patience { "patience(Duration::ZERO)" } else { "without_patience()" };
        write!(f, "let verifier = Verifier::builder().{patience}")?;
        if setup.is_explicit {
            f.write_str(".explicit()")?;
        }
        if setup.is_bytewise {
            f.write_str(".chunks(Chunks::Bytewise)")?;
        }
        let (result, end) = match setup.is_handed_out {
            true => ("mut socket", ".into_socket()"),
            false => ("session", ".handle()"),
        };
        writeln!(f, ".build();\nlet net = verifier.socket();")?;
        writeln!(f, "let {result} = net.new_session(){}{end};\n", self.script)?;
        self.client.iter().try_for_each(|op| writeln!(f, "{op};"))
    }
}

impl Display for Batch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            write!(f, "\n    {step}")?;
        }
        self.flags.iter().try_for_each(|flag| match flag {
            Flag::Lockstep => f.write_str("\n    .lockstep()"),
            Flag::StaysOpen => f.write_str("\n    .stays_open()"),
            Flag::OpenEnded => f.write_str("\n    .open_ended()"),
        })
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, ".{}", self.what)?;
        self.modifiers.iter().try_for_each(|modifier| write!(f, "{modifier}"))
    }
}

impl Display for What {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let argument = match self {
            Self::Connect(Value::Is(place)) => format!("{:?}", ENDPOINTS[*place]),
            Self::Connect(Value::Any) => "any()".to_owned(),
            Self::Connect(Value::Matching(test)) => test.to_string(),
            Self::Connect(Value::Parts(_)) => unreachable!("an endpoint has no parts"),
            Self::Send(sent) | Self::SendAll(sent) | Self::SendFrame(sent) => sent.to_string(),
            Self::Allows(sent) | Self::Whenever(sent, _) => sent.to_string(),
            Self::Recv(data) | Self::RecvFrame(data) => bytes(data),
            Self::Reply(reply) => replying(reply),
            Self::RecvError(kind) => format!("ErrorKind::{kind:?}"),
            Self::Framed(framing) => framing.to_string(),
            Self::Shutdown | Self::Close | Self::Reset | Self::Eof => String::new(),
        };
        write!(f, "{}({argument})", self.method())?;
        match self {
            Self::Whenever(_, reply) => match &**reply {
                Self::Recv(data) => write!(f, ".replies({})", bytes(data)),
                reply => write!(f, ".{reply}"),
            },
            _ => Ok(()),
        }
    }
}

impl Display for Value<Vec<u8>> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(data) => f.write_str(&bytes(data)),
            Self::Any => f.write_str("any()"),
            Self::Matching(test) => write!(f, "{test}"),
            Self::Parts(run) => match &run[..] {
                [] => f.write_str("Vec::<Part>::new()"),
                [alone] => write!(f, "{alone}"),
                run => {
                    let run: Vec<_> = run.iter().map(ToString::to_string).collect();
                    write!(f, "({})", run.join(", "))
                }
            },
        }
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.extent {
            Extent::Literal(literal) => f.write_str(&bytes(literal))?,
            Extent::Len(len) => write!(f, "any().len({len})")?,
            Extent::Until(delimiter) => write!(f, "until({})", bytes(delimiter))?,
            Extent::ToPause => f.write_str("any()")?,
            Extent::ToEnd => f.write_str("to_end()")?,
        }
        if let Some(name) = self.capture {
            write!(f, ".capture({name:?})")?;
        }
        self.test.map_or(Ok(()), |test| write!(f, ".{test}"))
    }
}

fn replying(reply: &[Ingredient]) -> String {
    let parts = reply.iter().map(|ingredient| match ingredient {
        Ingredient::Literal(literal) => format!("&{}[..]", bytes(literal)),
        Ingredient::Bytes => "sent.bytes()".to_owned(),
        Ingredient::Capture(name) => format!("sent.capture({name:?})"),
    });
    match parts.collect::<Vec<_>>() {
        parts if parts.is_empty() => "|_| \"\"".to_owned(),
        parts => format!("|sent| [{}].concat()", parts.join(", ")),
    }
}

impl Display for Framing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::U8 => f.write_str("LengthPrefix::u8()")?,
            Form::U16 => f.write_str("LengthPrefix::u16_be()")?,
            Form::Varint => f.write_str("LengthPrefix::varint()")?,
            Form::Lf => f.write_str("Lines::lf()")?,
            Form::CrLf => f.write_str("Lines::crlf()")?,
            Form::Delimited(delimiter) => write!(f, "Delimited::by({})", bytes(delimiter))?,
        }
        self.limit.map_or(Ok(()), |limit| write!(f, ".limit({limit})"))
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let test = match self {
            Self::EvenLength => "|value| value.len() % 2 == 0",
            Self::BeginsWithA => "|value| value.starts_with(b\"a\")",
            Self::Nothing => "|_| false",
            Self::Panics => "|_| panic!()",
        };
        write!(f, "matching({:?}, {test})", self.label())
    }
}

impl Display for Modifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Optional => f.write_str(".optional()"),
            Self::Times(Count::Exactly(times)) => write!(f, ".times({times})"),
            Self::Times(Count::From(least)) => write!(f, ".times({least}..)"),
            Self::Times(Count::Between(least, most)) => write!(f, ".times({least}..={most})"),
            Self::Times(Count::UpTo(most)) => write!(f, ".times(..={most})"),
            Self::Raises(kind) => write!(f, ".raises(ErrorKind::{kind:?})"),
            Self::After(Delay::Zero) => f.write_str(".after(Duration::ZERO)"),
            Self::After(Delay::Hour) => f.write_str(".after(Duration::from_secs(3600))"),
            Self::Never => f.write_str(".never()"),
            Self::Accepts(count) => write!(f, ".accepts({count})"),
            Self::InChunks(Chunks::Each(size)) => write!(f, ".in_chunks({size})"),
            Self::InChunks(Chunks::List(sizes)) => write!(f, ".in_chunks(vec!{sizes:?})"),
        }
    }
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { to, is_polled: true } => {
                write!(f, "poll(net.connect({:?}))", ENDPOINTS[*to])
            }
            Self::Connect { to, is_polled: false } => {
                write!(f, "net.connect({:?})", ENDPOINTS[*to])
            }
            Self::Write(task, data) => write!(f, "socket.poll_write({task:?}, {})", bytes(data)),
            Self::WriteVectored(task, buffers) => {
                let buffers: Vec<_> = buffers.iter().map(|buffer| bytes(buffer)).collect();
                write!(f, "socket.poll_write_vectored({task:?}, [{}])", buffers.join(", "))
            }
            Self::Flush(task) => write!(f, "socket.poll_flush({task:?})"),
            Self::Read(task, size) => write!(f, "socket.poll_read({task:?}, &mut [0; {size}])"),
            Self::Shutdown(task) => write!(f, "socket.poll_close({task:?})"),
            Self::Drop => f.write_str("drop(socket)"),
            Self::Then(batch) => write!(f, "session.then(|script| script{batch})"),
            Self::Verify => f.write_str("verifier.try_verify()"),
        }
    }
}
