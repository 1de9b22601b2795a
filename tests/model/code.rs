//! A case as Rust code, for a person to paste.

use std::fmt::{self, Display, Formatter};

use super::script::{
    Batch, Case, Chunks, Count, Delay, ENDPOINTS, Flag, Modifier, Op, Step, Test, Value, What,
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
        write!(f, ".expect_{}(", self.what.name())?;
        match &self.what {
            What::Connect(Value::Is(place)) => write!(f, "{:?}", ENDPOINTS[*place])?,
            What::Connect(Value::Any) => f.write_str("any()")?,
            What::Connect(Value::Matching(test)) => write!(f, "{test}")?,
            What::Send(Value::Is(data)) | What::SendAll(Value::Is(data)) | What::Recv(data) => {
                f.write_str(&bytes(data))?;
            }
            What::Send(Value::Any) | What::SendAll(Value::Any) => f.write_str("any()")?,
            What::Send(Value::Matching(test)) | What::SendAll(Value::Matching(test)) => {
                write!(f, "{test}")?;
            }
            What::RecvError(kind) => write!(f, "ErrorKind::{kind:?}")?,
            What::Shutdown | What::Close | What::Reset | What::Eof => {}
        }
        f.write_str(")")?;
        self.modifiers.iter().try_for_each(|modifier| write!(f, "{modifier}"))
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
