//! What the reference makes of what happened: interactions, and the verdict (S5, S8, S9, V1, V5).

use super::facts::{Fact, Heard};
use super::frames::Frame;
use super::model::Model;
use super::parts;
use super::script::{ENDPOINTS, Value, What};
use super::text::{bytes, described};
use super::written::{Wait, Written};

impl Model {
    /// A line for each interaction, and what the verdict says.
    pub(crate) fn verdict(&self) -> Vec<String> {
        let interactions = self.interactions();
        let mut lines: Vec<_> = interactions.iter().map(|one| one.line.clone()).collect();
        for violation in &self.violations {
            let violation = super::text::Violation { error: None, ..violation.clone() };
            lines.push(format!("violation: {violation}"));
        }
        if self.refused_connects > 0 {
            lines.push(format!("refused connects: {}", self.refused_connects));
        }
        if self.broken.is_none() {
            let is_open =
                |one: &&Interaction| one.is_complete && (self.setup.is_explicit || !one.is_stated);
            let open = interactions.iter().filter(is_open);
            lines.extend(open.map(|one| format!("unasserted: {}", one.line)));
            lines.extend((0..self.steps.len()).filter_map(|step| self.unused(step)));
        }
        lines
    }

    fn interactions(&self) -> Vec<Interaction> {
        let interactions = self.facts.iter().filter_map(|fact| match fact {
            Fact::Heard { step, heard } => Some(self.heard(*step, heard)),
            Fact::Said { step, bytes: said, amount, size, is_over } => {
                let rule = &self.steps[*step];
                let described = match rule.what {
                    What::Reply(_) => described(rule.what.name(), &bytes(said)),
                    _ => rule.describe(),
                };
                let outcome = match is_over {
                    true => "complete".to_owned(),
                    false => partial(*amount, rule.extent()),
                };
                Some(self.interaction(*step, described, Some(*size), outcome, *is_over))
            }
            Fact::Interrupted { step } => {
                let described = self.steps[*step].describe();
                Some(self.interaction(*step, described, None, "complete".to_owned(), true))
            }
            _ => None,
        });
        let numbered = interactions.enumerate().map(|(sequence, one)| Interaction {
            line: format!("{sequence}: {}", one.line),
            ..one
        });
        numbered.collect()
    }

    fn heard(&self, decided: Option<usize>, heard: &Heard) -> Interaction {
        // What is not decided yet is told as the first step that it may be of.
        let step = decided.unwrap_or_else(|| self.begun()[0]);
        let rule = &self.steps[step];
        let described = match heard {
            Heard::Connect(to) => described("connect", ENDPOINTS[*to]),
            Heard::Bytes { data, .. } if rule.literal().is_none() => {
                let framing = rule.framing.as_ref().filter(|_| decided.is_some());
                let payload = match framing.map(|framing| framing.decode(data)) {
                    Some(Frame::Whole(_, payload)) => payload,
                    _ => data.clone(),
                };
                described(rule.what.name(), &bytes(&payload))
            }
            _ => rule.describe(),
        };
        let outcome = match (decided, rule.raises, heard) {
            (None, _, Heard::Bytes { data, .. }) => partial(data.len(), rule.extent()),
            (_, Some(kind), _) => format!("raised {kind:?}"),
            _ => "complete".to_owned(),
        };
        self.interaction(step, described, None, outcome, decided.is_some())
    }

    fn interaction(
        &self,
        step: usize,
        described: String,
        size: Option<usize>,
        outcome: String,
        is_complete: bool,
    ) -> Interaction {
        let is_stated = self.steps[step].is_stated();
        let numbers = self.numbers(step);
        let line = format!("{numbers}, {described}, size {size:?}, {outcome}, stated {is_stated}");
        Interaction { line, is_complete, is_stated }
    }

    /// What the verdict misses of a step, if it does.
    fn unused(&self, step: usize) -> Option<String> {
        let rule = &self.steps[step];
        let begun = self.facts.iter().find_map(|fact| match fact {
            Fact::Heard { step: None, heard: Heard::Bytes { data, .. } }
                if self.begun()[0] == step =>
            {
                Some(data.len())
            }
            Fact::Said { step: said, amount, is_over: false, .. } if *said == step => Some(*amount),
            _ => None,
        });
        let is_missed = match begun {
            Some(_) => rule.least > 0 || rule.what.is_heard(),
            None if rule.wait == Some(Wait::Never) => {
                rule.least > 0 && !self.was_waited_on(step) && !self.is_left_behind(step)
            }
            None => self.times(step) < rule.least,
        };
        is_missed.then(|| {
            format!(
                "unused, {}: {}, {}, {} of {} times, {begun:?} of {:?} bytes",
                self.stage,
                self.numbers(step),
                rule.describe(),
                self.times(step),
                rule.least,
                rule.extent(),
            )
        })
    }
}

struct Interaction {
    line: String,
    is_complete: bool,
    is_stated: bool,
}

fn partial(amount: usize, of: Option<usize>) -> String {
    format!("{amount} of {of:?} bytes")
}

impl Written {
    /// The step as it was written.
    pub(super) fn describe(&self) -> String {
        let argument = match &self.what {
            What::Connect(Value::Is(place)) => ENDPOINTS[*place].to_owned(),
            What::Connect(Value::Any) => "any()".to_owned(),
            What::Connect(Value::Matching(test)) => format!("matching {}", test.label()),
            What::Recv(data) | What::RecvFrame(data) => bytes(data),
            What::Reply(_) => "a reply".to_owned(),
            What::RecvError(kind) => format!("{kind:?}"),
            what => what.sent().map(value).unwrap_or_default(),
        };
        described(self.what.name(), &argument)
    }

    /// The step in the form in which bytes that differ from it are compared with it.
    pub(super) fn compared(&self) -> String {
        match self.literal() {
            Some(literal) => described(self.what.name(), &bytes(&literal)),
            None => self.describe(),
        }
    }

    /// Whether the script says what it is to be.
    fn is_stated(&self) -> bool {
        match (&self.what, self.what.sent()) {
            (What::Connect(Value::Any), _) | (_, Some(Value::Any)) => false,
            (_, Some(Value::Parts(run))) => parts::is_stated(run),
            _ => true,
        }
    }
}

fn value(value: &Value<Vec<u8>>) -> String {
    match value {
        Value::Is(literal) => bytes(literal),
        Value::Any => "any()".to_owned(),
        Value::Matching(test) => format!("matching {}", test.label()),
        Value::Parts(run) => parts::describe(run),
    }
}
