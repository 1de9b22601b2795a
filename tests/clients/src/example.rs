//! The example `redis`, on a Redis server: what its own tests cannot have.

use tokio::net::TcpSocket;
use wirescript::scripted::Socket;
use wirescript::{Endpoint, Scripted};
use wirescript_tokio::TokioConnector;

use self::redis::runtime::Runtime;
use self::redis::{run, script, tour};
use crate::both_flavours;
use crate::by_script::by_script;
use crate::recorder::Recorder;
use crate::servers::Server;

#[path = "../../../examples/redis.rs"]
#[expect(dead_code, reason = "it is a program, too")]
mod redis;

both_flavours! {
    async fn what_passes_is_what_passes_between_the_example_and_its_server() {
        let Some(server) = Server::redis() else { return };
        let real = Recorder::new(TokioConnector::new());
        let told = tour(real.clone(), server.endpoint().clone()).await.unwrap();

        let client = async |net: &Scripted<Socket>| {
            assert_eq!(tour(net.clone(), server.endpoint().clone()).await.unwrap(), told);
        };
        let of_the_script = by_script(|net| script(net, server.endpoint()), client).await;
        assert_eq!(real.conversations(), of_the_script);
    }

    async fn the_program_connects_where_it_is_told() {
        let Some(server) = Server::redis() else { return };
        for place in server.places_of_redis() {
            for runtime in Runtime::ALL {
                let told = run(runtime, &["--connect", &place.to_string()]).await.unwrap();
                assert!(told.ends_with("later on    1"), "{runtime}, {place}: {told}");
            }
        }
    }

    async fn the_program_says_why_it_cannot_connect() {
        // Who has the port, but does not listen.
        let nobody = TcpSocket::new_v4().unwrap();
        nobody.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let endpoint = Endpoint::from(nobody.local_addr().unwrap());
        let nobody_there = endpoint.to_string();
        for runtime in Runtime::ALL {
            let told = run(runtime, &["--connect", &nobody_there]).await.unwrap_err();
            assert!(told.contains("refused"), "{runtime}: {told}");
        }
    }
}
