//! The runtimes that the examples run on, and none at all, chosen by `--runtime NAME`.

use std::fmt;

use wirescript::blocking::{BlockInPoll, StdConnector};
use wirescript::{BoxConnector, Connect};
use wirescript_async_std::AsyncStdConnector;
use wirescript_smol::SmolConnector;
use wirescript_tokio::TokioConnector;

/// A runtime: what a client is constructed with on it, and how its future is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    Tokio,
    AsyncStd,
    Smol,
    /// The standard library alone: its sockets block, and there is nothing else to be done.
    Std,
}

impl Runtime {
    pub(crate) const ALL: [Self; 4] = [Self::Tokio, Self::AsyncStd, Self::Smol, Self::Std];

    /// The runtime that the arguments begin with, or tokio; and the other arguments.
    pub(crate) fn chosen_by(arguments: &[String]) -> Result<(Self, Vec<&str>), String> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ["--runtime", name, rest @ ..] = arguments.as_slice() else {
            return Ok((Self::Tokio, arguments));
        };
        let names = Self::ALL.map(|runtime| runtime.to_string());
        match names.iter().position(|known| known == name) {
            Some(place) => Ok((Self::ALL[place], rest.to_vec())),
            None => Err(format!("--runtime: `{name}` is none of {}", names.join(", "))),
        }
    }

    pub(crate) fn connector(self) -> BoxConnector {
        match self {
            Self::Tokio => TokioConnector::new().boxed(),
            Self::AsyncStd => AsyncStdConnector::new().boxed(),
            Self::Smol => SmolConnector::new().boxed(),
            Self::Std => BlockInPoll::new(StdConnector::new()).boxed(),
        }
    }

    pub(crate) fn block_on<F: Future>(self, future: F) -> F::Output {
        match self {
            Self::Tokio => tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("tokio has what it needs of the system")
                .block_on(future),
            Self::AsyncStd => async_std::task::block_on(future),
            Self::Smol => smol::block_on(future),
            Self::Std => futures::executor::block_on(future),
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokio => "tokio",
            Self::AsyncStd => "async-std",
            Self::Smol => "smol",
            Self::Std => "std",
        })
    }
}
