//! A client that runs by a script, and what passes then.

use wirescript::scripted::{Chunks, Socket};
use wirescript::{Scripted, Verifier};

use crate::recorder::{Conversation, conversations_of};

/// What passes when `client` runs by what `script` writes. Fails if that is not what it does.
pub(crate) async fn by_script(
    script: impl FnOnce(&Scripted<Socket>),
    client: impl AsyncFnOnce(&Scripted<Socket>),
) -> Vec<Conversation> {
    let verifier = Verifier::new();
    let net = verifier.socket();
    script(&net);
    client(&net).await;
    let conversations = conversations_of(&verifier.interactions());
    verifier.finish().await;
    conversations
}

/// Runs `client` by what `script` writes, however the network cuts what the server says.
pub(crate) async fn in_any_chunks(
    script: impl Fn(&Scripted<Socket>),
    client: impl AsyncFn(&Scripted<Socket>),
) {
    for chunks in [Chunks::Whole, Chunks::Bytewise, Chunks::Seeded(7)] {
        let verifier = Verifier::builder().chunks(chunks).build();
        let net = verifier.socket();
        script(&net);
        client(&net).await;
        verifier.finish().await;
    }
}
