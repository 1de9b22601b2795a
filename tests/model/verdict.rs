//! What the reference makes of what happened: interactions, and the verdict (S5, S8, S9, V1, V5).

use super::facts::{Fact, Heard};
use super::model::Model;
use super::rules::{Rule, Wait};
use super::script::{ENDPOINTS, Value, What};
use super::text::{bytes, described};

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
            lines.extend((0..self.rules.len()).filter_map(|step| self.unused(step)));
        }
        lines
    }

    fn interactions(&self) -> Vec<Interaction> {
        let interactions = self.facts.iter().filter_map(|fact| match fact {
            Fact::Heard { step, heard } => Some(self.heard(*step, heard)),
            Fact::Said { step, amount, size, is_over } => {
                let rule = &self.rules[*step];
                let outcome = match is_over {
                    true => "complete".to_owned(),
                    false => partial(*amount, rule.extent()),
                };
                Some(self.interaction(*step, rule.describe(), Some(*size), outcome, *is_over))
            }
            Fact::Interrupted { step } => {
                let described = self.rules[*step].describe();
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
        let rule = &self.rules[step];
        let described = match (rule.is_literal(), heard) {
            (false, Heard::Connect(to)) => described("connect", ENDPOINTS[*to]),
            (false, Heard::Bytes { data, .. }) => described(rule.what.name(), &bytes(data)),
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
        let (number, of) = (step + 1, self.rules.len());
        let is_stated = !self.rules[step].is_any();
        let line = format!(
            "step {number} of {of}, {described}, size {size:?}, {outcome}, stated {is_stated}"
        );
        Interaction { line, is_complete, is_stated }
    }

    /// What the verdict misses of a step, if it does.
    fn unused(&self, step: usize) -> Option<String> {
        let rule = &self.rules[step];
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
                "unused, {}: step {} of {}, {}, {} of {} times, {begun:?} of {:?} bytes",
                self.stage,
                step + 1,
                self.rules.len(),
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

impl Rule {
    /// The step as it was written.
    pub(super) fn describe(&self) -> String {
        let argument = match &self.what {
            What::Connect(Value::Is(place)) => ENDPOINTS[*place].to_owned(),
            What::Send(Value::Is(data)) | What::SendAll(Value::Is(data)) | What::Recv(data) => {
                bytes(data)
            }
            What::Connect(Value::Any) | What::Send(Value::Any) | What::SendAll(Value::Any) => {
                "any()".to_owned()
            }
            What::Connect(Value::Matching(test))
            | What::Send(Value::Matching(test))
            | What::SendAll(Value::Matching(test)) => format!("matching {}", test.label()),
            What::RecvError(kind) => format!("{kind:?}"),
            What::Shutdown | What::Close | What::Reset | What::Eof => String::new(),
        };
        described(self.what.name(), &argument)
    }

    /// How much it hears or says in all, where the script says.
    fn extent(&self) -> Option<usize> {
        match &self.what {
            What::Send(Value::Is(data)) | What::SendAll(Value::Is(data)) | What::Recv(data) => {
                Some(data.len())
            }
            What::RecvError(_) | What::Reset | What::Eof => Some(0),
            _ => None,
        }
    }

    /// Whether the script leaves its argument open.
    fn is_any(&self) -> bool {
        matches!(
            self.what,
            What::Connect(Value::Any) | What::Send(Value::Any) | What::SendAll(Value::Any)
        )
    }

    /// Whether its argument is in the script.
    fn is_literal(&self) -> bool {
        !self.is_any()
            && !matches!(
                self.what,
                What::Connect(Value::Matching(_))
                    | What::Send(Value::Matching(_))
                    | What::SendAll(Value::Matching(_))
            )
    }
}
