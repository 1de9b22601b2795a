//! What the peer says, in the pieces in which a network might deliver it.

use futures::executor::block_on;
use wirescript::{AsyncSocketExt, Verifier};

use crate::probe::panics_here;
use crate::support::everywhere;

everywhere! {
    async fn a_read_gets_no_more_than_the_piece_it_begins_in() {
        let verifier = Verifier::new();
        let script = verifier.socket().new_session().expect_recv(b"abcdef").in_chunks([1, 3, 2]);
        let mut socket = script.expect_recv(b"ghi").in_chunks(2).into_socket();
        let mut buffer = [0; 64];
        let mut received = Vec::new();
        for _ in 0..5 {
            let count = socket.recv(&mut buffer).await.unwrap();
            received.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
        }
        assert_eq!(received, ["a", "bcd", "ef", "gh", "i"]);
        drop(socket);
        verifier.verify();
        assert_eq!(verifier.interactions().len(), 2, "one step is one interaction");
    }
}

#[test]
fn a_small_buffer_cuts_a_piece_further() {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_recv(b"abcdef").in_chunks(4);
    let mut socket = script.into_socket();
    let mut counts = Vec::new();
    for _ in 0..3 {
        counts.push(block_on(socket.recv(&mut [0; 3])).unwrap());
    }
    assert_eq!(counts, [3, 1, 2]);
    drop(socket);
    verifier.verify();
}

#[test]
fn pieces_that_cannot_be_are_refused_where_they_are_written() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let script = || net.new_session().expect_recv(b"abc");
    panics_here(|| drop(script().in_chunks(0)));
    panics_here(|| drop(script().in_chunks([1, 1])));
    panics_here(|| drop(script().in_chunks(vec![3, 0])));
    panics_here(|| drop(script().in_chunks(&[][..])));
}
