//! What a wording may say: variables, `if`, `not` and `for`. The engine knows more, which could take any amount of memory or time; whoever
//! needs it writes code.

use std::collections::BTreeMap;

use kernel::text::visible_part;
use minijinja::machinery::{
    Span,
    ast::{Expr, ForLoop, Stmt, UnaryOpKind},
    parse,
};

use super::variables::{VariableKind, Variables};

/// Of what the engine says about a text that it cannot read.
const LONGEST_REASON: usize = 200;

/// Why a text is no wording of a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The engine cannot read it.
    #[error("line {line} cannot be read: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// The engine's words.
        reason: String,
    },
    /// Something that no wording needs.
    #[error("line {line} holds something else than variables, if, not, and for in no other for")]
    Forbidden {
        /// From 1.
        line: u16,
    },
    /// The template's message has none of that name.
    #[error("names {0}, which is no variable of this mail")]
    Unknown(String),
    /// A list where one line is to stand.
    #[error("names {0}, which is a list: say with for what is told of each")]
    List(String),
    /// One line, or a row, where a list is to stand.
    #[error("goes through {0}, which is no list")]
    NoList(String),
    /// What the mail is for.
    #[error("does not show {0}, which this mail is for")]
    Missing(&'static str),
    /// What a locked screen must not show.
    #[error("shows {0}, and a locked screen would show it as well")]
    Revealed(&'static str),
    /// With values it is empty, too long, or would be shown as something else.
    #[error("makes nothing that can be read")]
    Unreadable,
}

/// What a name stands for.
enum Meaning<'a> {
    Variable(&'a VariableKind),
    /// A row of a list, by its fields.
    Row(&'a [String]),
    /// The engine's own `loop`.
    Loop,
    Text,
}

/// What can be named at some place.
struct Scope<'a> {
    variables: &'a BTreeMap<String, VariableKind>,
    /// Within a `for`: its name, and what it goes through.
    item: Option<(&'a str, &'a VariableKind)>,
}

/// Of what stands between two braces, in bytes. The parser calls itself for each sign of a row of them, and a stack ends.
const LONGEST_TAG: usize = 500;

/// Whether a text says only what a wording may say, of variables that there are.
pub(super) fn check(source: &str, variables: &Variables) -> Result<(), Fault> {
    let mut tags = source.match_indices("{{").chain(source.match_indices("{%"));
    if let Some((start, _)) =
        tags.find(|(start, _)| source[*start..].find('}').is_none_or(|length| length > LONGEST_TAG))
    {
        return Err(Fault::Syntax {
            line: source[..start].matches('\n').count() + 1,
            reason: "a tag is too long or does not end".to_owned(),
        });
    }
    let syntax = minijinja::syntax::SyntaxConfig::default();
    let tree = parse(source, "wording", syntax).map_err(|error| Fault::Syntax {
        line: error.line().unwrap_or(1),
        reason: visible_part(error.detail().unwrap_or("it does not end"), LONGEST_REASON),
    })?;
    Scope { variables: variables.kinds(), item: None }.statement(&tree)
}

impl<'a> Scope<'a> {
    fn statement(&self, statement: &Stmt<'a>) -> Result<(), Fault> {
        match statement {
            Stmt::Template(template) => self.block(&template.children),
            Stmt::EmitRaw(_) => Ok(()),
            Stmt::EmitExpr(emitted) => match self.meaning(&emitted.expr)? {
                Meaning::Text | Meaning::Variable(VariableKind::Text) => Ok(()),
                Meaning::Loop => Err(forbidden(emitted.span())),
                Meaning::Row(_) | Meaning::Variable(_) => Err(Fault::List(name(&emitted.expr))),
            },
            Stmt::IfCond(condition) => {
                self.condition(&condition.expr)?;
                self.block(&condition.true_body)?;
                self.block(&condition.false_body)
            }
            Stmt::ForLoop(each) => self.each(each, each.span()),
            Stmt::WithBlock(other) => Err(forbidden(other.span())),
            Stmt::Set(other) => Err(forbidden(other.span())),
            Stmt::SetBlock(other) => Err(forbidden(other.span())),
            Stmt::AutoEscape(other) => Err(forbidden(other.span())),
            Stmt::FilterBlock(other) => Err(forbidden(other.span())),
            Stmt::Do(other) => Err(forbidden(other.span())),
        }
    }

    fn block(&self, statements: &[Stmt<'a>]) -> Result<(), Fault> {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    fn condition(&self, expression: &Expr<'a>) -> Result<(), Fault> {
        match expression {
            Expr::UnaryOp(negated) if matches!(negated.op, UnaryOpKind::Not) => self.condition(&negated.expr),
            other => self.meaning(other).map(drop),
        }
    }

    fn each(&self, each: &ForLoop<'a>, span: Span) -> Result<(), Fault> {
        let Expr::Var(item) = &each.target else { return Err(forbidden(span)) };
        if self.item.is_some() || each.filter_expr.is_some() || each.recursive {
            return Err(forbidden(span));
        }
        let kind = match self.meaning(&each.iter)? {
            Meaning::Variable(kind @ (VariableKind::Texts | VariableKind::Rows { .. })) => kind,
            _ => return Err(Fault::NoList(name(&each.iter))),
        };
        let within = Scope { variables: self.variables, item: Some((item.id, kind)) };
        within.block(&each.body)?;
        self.block(&each.else_body)
    }

    fn meaning(&self, expression: &Expr<'a>) -> Result<Meaning<'a>, Fault> {
        let unknown = || Fault::Unknown(name(expression));
        match expression {
            Expr::Var(variable) => match self.item {
                Some((item, kind)) if item == variable.id => Ok(match kind {
                    VariableKind::Rows { fields } => Meaning::Row(fields),
                    _ => Meaning::Text,
                }),
                Some(_) if variable.id == "loop" => Ok(Meaning::Loop),
                _ => self.variables.get(variable.id).map(Meaning::Variable).ok_or_else(unknown),
            },
            Expr::GetAttr(attribute) => match self.meaning(&attribute.expr)? {
                Meaning::Row(fields) if fields.iter().any(|field| field == attribute.name) => Ok(Meaning::Text),
                Meaning::Loop if matches!(attribute.name, "first" | "last") => Ok(Meaning::Text),
                _ => Err(unknown()),
            },
            other => Err(forbidden(other.span())),
        }
    }
}

fn forbidden(span: Span) -> Fault {
    Fault::Forbidden { line: span.start_line }
}

/// How an editor wrote it.
fn name(expression: &Expr) -> String {
    let written = match expression {
        Expr::Var(variable) => variable.id.to_owned(),
        Expr::GetAttr(attribute) => format!("{}.{}", name(&attribute.expr), attribute.name),
        other => other.description().to_owned(),
    };
    visible_part(&written, LONGEST_REASON)
}
