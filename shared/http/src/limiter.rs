//! Rate limits by the generic cell rate algorithm (GCRA, ITU-T I.371): one Lua call in Redis, or a table of this environment while Redis is
//! down. Never unlimited.
//!
//! A rule counts in a table of fixed size, a count-min sketch (Cormode and Muthukrishnan, 2005) whose cells hold arrival times: a key has one
//! cell in each row, and the emptiest of them speaks for it. Whoever shares cells with others is refused too early at worst, never too late. A
//! table does not grow, and nothing in it runs out or can be evicted: no flood of keys pushes out the count of one of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::{World, sha256};
use stores::{Redis, redis::Lua};

use crate::Problem;

const ROWS: usize = 4;
/// 1.5 MiB a rule in Redis, with cells of 48 bits. Keys that are refused too early are one in a million while 330,000 uses are counted in a
/// rule's period, and one in twelve at 650,000; see `docs/architecture/0019-limits.md`.
const COLUMNS: usize = 1 << 16;
/// 128 KiB a rule: one environment serves one request at a time, a few thousand in ten minutes.
const LOCAL_COLUMNS: usize = 1 << 12;
/// How far the clocks of two environments may lie apart. What is further in the future than any use can be is no use.
const CLOCK_SKEW_MS: i64 = 10_000;

/// KEYS the tables of the rules; ARGV now (ms), whether to count, then for each table: whether it is asked for the first use, interval,
/// tolerance (ms), the four cells. Returns the first table that refuses, its wait and its reset in ms, and which tables counted, as bits. A new
/// table gets its whole size at once: one that grows takes up to a MiB more.
const COUNT: &str = "
local now, is_counted = tonumber(ARGV[1]), ARGV[2] == '1'
local counted, bits = {}, 0
for k = 1, #KEYS do
  local at = 7 * k - 4
  local is_first, interval, tolerance = ARGV[at] == '1', tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local most = now + 2 * tolerance
  local cells, least = {}, nil
  for row = 1, 4 do
    local tat = redis.call('BITFIELD', KEYS[k], 'GET', 'u48', '#' .. ARGV[at + 2 + row])[1]
    if tat < now or tat > most + 10000 then tat = now end
    cells[row] = math.min(tat + interval, most)
    if not least or tat < least then least = tat end
  end
  local wait = least + interval - tolerance - now
  if wait <= 0 then
    counted[#counted + 1] = {KEYS[k], at, cells}
    bits = bits + 2 ^ (k - 1)
  elseif is_first then
    break
  else
    return {k, wait, least - now, 0}
  end
end
if is_counted then
  for _, table in ipairs(counted) do
    if redis.call('STRLEN', table[1]) == 0 then redis.call('SETRANGE', table[1], 1572863, string.char(0)) end
    for row = 1, 4 do
      redis.call('BITFIELD', table[1], 'SET', 'u48', '#' .. ARGV[table[2] + 2 + row], table[3][row])
    end
  end
end
return {0, 0, 0, bits}";

/// KEYS the tables; ARGV now (ms), then for each table: how much to take back, tolerance (ms), the four cells.
const REFUND: &str = "
local now = tonumber(ARGV[1])
for k = 1, #KEYS do
  local at = 6 * k - 4
  local back, most = tonumber(ARGV[at]), now + 2 * tonumber(ARGV[at + 1])
  local cells, least = {}, nil
  for row = 1, 4 do
    local tat = redis.call('BITFIELD', KEYS[k], 'GET', 'u48', '#' .. ARGV[at + 1 + row])[1]
    if tat < now or tat > most + 10000 then tat = now end
    cells[row] = tat
    if not least or tat < least then least = tat end
  end
  back = math.min(back, least - now)
  if back > 0 then
    for row = 1, 4 do
      redis.call('BITFIELD', KEYS[k], 'SET', 'u48', '#' .. ARGV[at + 1 + row], cells[row] - back)
    end
  end
end
return 0";

/// At most `burst` at once and `burst` per `period` in the long run.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Part of the table's name: different rules count apart.
    pub name: &'static str,
    /// How many at once.
    pub burst: u32,
    /// In which time the whole burst is available again.
    pub period: Duration,
}

impl Rule {
    fn interval_ms(&self) -> i64 {
        (i64::try_from(self.period.as_millis()).unwrap_or(i64::MAX) / i64::from(self.burst.max(1))).max(1)
    }

    fn tolerance_ms(&self) -> i64 {
        self.interval_ms() * i64::from(self.burst)
    }

    /// In a cluster the tables of one call must lie in one slot, which the braces see to.
    fn table(&self) -> String {
        format!("{{limit}}:{}", self.name)
    }
}

/// One use of a key under a rule.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    rule: Rule,
    columns: [u16; ROWS],
    is_first: bool,
}

impl Use {
    /// A use that the rule may refuse. Nothing of the key is stored but times in four cells of many.
    pub fn of(rule: &Rule, key: &str) -> Self {
        Self { rule: *rule, columns: columns(key), is_first: false }
    }

    /// A use that is never refused: where the rule would, the uses behind it in the list are not counted.
    pub fn unless_counted(rule: &Rule, key: &str) -> Self {
        Self { is_first: true, ..Self::of(rule, key) }
    }

    fn cells(&self, columns: usize) -> impl Iterator<Item = usize> {
        self.columns.into_iter().enumerate().map(move |(row, column)| row * columns + usize::from(column) % columns)
    }

    /// The cells in Redis. Deployments that share one have other cells for the same key.
    fn arguments(&self, deployment: [u16; ROWS]) -> impl Iterator<Item = i64> {
        let columns = std::array::from_fn(|row| self.columns[row] ^ deployment[row]);
        let cells: Vec<_> = Self { columns, ..*self }.cells(COLUMNS).collect();
        cells.into_iter().map(|cell| i64::try_from(cell).unwrap_or(0))
    }
}

fn columns(key: &str) -> [u16; ROWS] {
    let digest = sha256(key.as_bytes());
    std::array::from_fn(|row| u16::from_be_bytes([digest[2 * row], digest[2 * row + 1]]))
}

/// Uses that were counted, and can be taken back.
#[derive(Debug, Clone, Default)]
pub struct Counted(Vec<Use>);

/// A rule refuses a use.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// Which one.
    pub rule: Rule,
    wait_ms: i64,
    reset_ms: i64,
}

/// Counts and refuses.
#[derive(Clone)]
pub struct Limiter {
    redis: Redis,
    world: World,
    deployment: [u16; ROWS],
    local: Arc<Mutex<Tables>>,
}

/// The tables of this environment, by the rules' names; a cell holds a time in ms.
#[derive(Default)]
struct Tables(HashMap<&'static str, Vec<i64>>);

impl Limiter {
    /// With the environment's own tables as the fallback. What one deployment counts refuses nobody of another.
    pub fn new(redis: Redis, world: World, deployment: &str) -> Self {
        Self { redis, world, deployment: columns(deployment), local: Arc::default() }
    }

    /// Counts all uses, or none where one is refused: whoever is shut out already counts nowhere else.
    ///
    /// # Errors
    /// The first rule that refuses.
    pub async fn check(&self, uses: &[Use]) -> Result<Counted, Refusal> {
        self.count(uses, true).await
    }

    /// Like [`check`](Self::check), but counts nothing.
    ///
    /// # Errors
    /// The first rule that would refuse.
    pub async fn ask(&self, uses: &[Use]) -> Result<(), Refusal> {
        self.count(uses, false).await.map(drop)
    }

    /// Takes uses back: what was counted turned out to be no attempt. A failure is logged; the uses then stay counted.
    pub async fn refund(&self, counted: Counted) {
        let back: Vec<_> = counted.0.iter().map(|used| (*used, used.rule.interval_ms())).collect();
        self.take_back(&back).await;
    }

    /// Forgets every use of a key.
    pub async fn forget(&self, used: Use) {
        self.take_back(&[(used, 2 * used.rule.tolerance_ms())]).await;
    }

    async fn count(&self, uses: &[Use], is_counted: bool) -> Result<Counted, Refusal> {
        static SCRIPT: OnceLock<Lua> = OnceLock::new();
        let now = self.now_ms();
        let keys: Vec<_> = uses.iter().map(|used| used.rule.table()).collect();
        let mut arguments = vec![now, i64::from(is_counted)];
        for used in uses {
            arguments.extend([i64::from(used.is_first), used.rule.interval_ms(), used.rule.tolerance_ms()]);
            arguments.extend(used.arguments(self.deployment));
        }
        let script = SCRIPT.get_or_init(|| Lua::new(COUNT));
        match self.redis.script::<(usize, i64, i64, u64)>(script, &keys, &arguments).await {
            Ok((0, _, _, bits)) => {
                let counted = uses.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
                Ok(Counted(counted.map(|(_, used)| *used).collect()))
            }
            Ok((refused, wait_ms, reset_ms, _)) => {
                let rule = uses.get(refused - 1).or(uses.last()).map(|used| used.rule);
                rule.map_or(Ok(Counted::default()), |rule| Err(Refusal { rule, wait_ms, reset_ms }))
            }
            Err(error) => {
                tracing::warn!(%error, "limits count in this environment only");
                self.local.lock().unwrap_or_else(PoisonError::into_inner).count(now, uses, is_counted)
            }
        }
    }

    async fn take_back(&self, uses: &[(Use, i64)]) {
        static SCRIPT: OnceLock<Lua> = OnceLock::new();
        let now = self.now_ms();
        self.local.lock().unwrap_or_else(PoisonError::into_inner).take_back(now, uses);
        let keys: Vec<_> = uses.iter().map(|(used, _)| used.rule.table()).collect();
        let mut arguments = vec![now];
        for (used, back) in uses {
            arguments.extend([*back, used.rule.tolerance_ms()]);
            arguments.extend(used.arguments(self.deployment));
        }
        let script = SCRIPT.get_or_init(|| Lua::new(REFUND));
        if let Err(error) = self.redis.script::<i64>(script, &keys, &arguments).await {
            tracing::warn!(%error, "uses stay counted");
        }
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.world.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }
}

/// The same as the scripts do.
impl Tables {
    fn count(&mut self, now: i64, uses: &[Use], is_counted: bool) -> Result<Counted, Refusal> {
        let mut counted = Vec::new();
        for used in uses {
            let (interval, tolerance) = (used.rule.interval_ms(), used.rule.tolerance_ms());
            let least = self.read(now, used).into_iter().min().unwrap_or(now);
            let wait_ms = least + interval - tolerance - now;
            if wait_ms <= 0 {
                counted.push(*used);
            } else if used.is_first {
                break;
            } else {
                return Err(Refusal { rule: used.rule, wait_ms, reset_ms: least - now });
            }
        }
        if is_counted {
            for used in &counted {
                let (interval, most) = (used.rule.interval_ms(), now + 2 * used.rule.tolerance_ms());
                let times = self.read(now, used).map(|time| (time + interval).min(most));
                self.write(used, times);
            }
        }
        Ok(Counted(counted))
    }

    fn take_back(&mut self, now: i64, uses: &[(Use, i64)]) {
        for (used, back) in uses {
            if self.0.contains_key(used.rule.name) {
                let times = self.read(now, used);
                let back = (*back).min(times.iter().min().unwrap_or(&now) - now);
                self.write(used, times.map(|time| time - back));
            }
        }
    }

    fn read(&self, now: i64, used: &Use) -> [i64; ROWS] {
        let mut times = [now; ROWS];
        let most = now + 2 * used.rule.tolerance_ms() + CLOCK_SKEW_MS;
        let Some(table) = self.0.get(used.rule.name) else { return times };
        for (time, cell) in times.iter_mut().zip(used.cells(LOCAL_COLUMNS)) {
            *time = table.get(cell).copied().filter(|time| (now..=most).contains(time)).unwrap_or(now);
        }
        times
    }

    fn write(&mut self, used: &Use, times: [i64; ROWS]) {
        let table = self.0.entry(used.rule.name).or_insert_with(|| vec![0; ROWS * LOCAL_COLUMNS]);
        for (time, cell) in times.into_iter().zip(used.cells(LOCAL_COLUMNS)) {
            if let Some(kept) = table.get_mut(cell) {
                *kept = time;
            }
        }
    }
}

/// 429 `rate_limited` with `Retry-After` and `RateLimit-*`.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let seconds = |ms: i64| (ms.max(0) + 999) / 1000;
        let retry = HeaderValue::from(seconds(refusal.wait_ms));
        let named = |name: &'static str, value: HeaderValue| (HeaderName::from_static(name), value);
        let headers = [
            (header::RETRY_AFTER, retry),
            named("ratelimit-limit", HeaderValue::from(refusal.rule.burst)),
            named("ratelimit-remaining", HeaderValue::from(0)),
            named("ratelimit-reset", HeaderValue::from(seconds(refusal.reset_ms))),
        ];
        let detail = format!("Too many attempts. Try again in {} s.", seconds(refusal.wait_ms));
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
        headers.into_iter().fold(problem, |problem, (name, value)| problem.with_header(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { name: "rule", burst: 10, period: Duration::from_secs(600) };
    const OTHER: Rule = Rule { name: "other", burst: 3, period: Duration::from_secs(600) };
    const ONCE: Rule = Rule { name: "once", burst: 1, period: Duration::from_secs(600) };
    const NOW: i64 = 1_700_000_000_000;
    const MINUTE: i64 = 60_000;

    fn passes(tables: &mut Tables, now: i64, uses: &[Use]) -> bool {
        tables.count(now, uses, true).is_ok()
    }

    fn passed(tables: &mut Tables, now: i64, uses: &[Use], tries: usize) -> usize {
        (0..tries).filter(|_| passes(tables, now, uses)).count()
    }

    #[test]
    fn a_table_has_room_for_its_last_cell() {
        let bytes = ROWS * COLUMNS * 48 / 8;
        assert!(COUNT.contains(&format!("'SETRANGE', table[1], {}, ", bytes - 1)));
        assert!(
            COUNT.contains(&format!("most + {CLOCK_SKEW_MS} ")) && REFUND.contains(&format!("most + {CLOCK_SKEW_MS} "))
        );
        let last = Use { columns: [u16::MAX; ROWS], ..Use::of(&RULE, "") };
        assert_eq!(last.cells(COLUMNS).last(), Some(ROWS * COLUMNS - 1));
        assert_eq!(last.cells(LOCAL_COLUMNS).last(), Some(ROWS * LOCAL_COLUMNS - 1));
    }

    #[test]
    fn a_burst_passes_and_one_more_each_interval() {
        let (mut tables, alice) = (Tables::default(), [Use::of(&RULE, "alice")]);
        assert_eq!(passed(&mut tables, NOW, &alice, 30), 10);
        let refusal = tables.count(NOW, &alice, true).unwrap_err();
        assert_eq!((refusal.wait_ms, refusal.reset_ms), (MINUTE, 10 * MINUTE));
        assert!(!passes(&mut tables, NOW + MINUTE - 1, &alice));
        assert_eq!(passed(&mut tables, NOW + MINUTE, &alice, 5), 1);
        assert_eq!(passed(&mut tables, NOW + 11 * MINUTE, &alice, 30), 10);
        assert!(passes(&mut tables, NOW, &[Use::of(&RULE, "bob")]), "others are not refused");
    }

    #[test]
    fn what_is_refused_counts_nowhere_else() {
        let mut tables = Tables::default();
        let (shut, other) = (Use::of(&OTHER, "shut"), Use::of(&RULE, "other"));
        assert_eq!(passed(&mut tables, NOW, &[other, shut], 100), 3);
        assert_eq!(passed(&mut tables, NOW, &[other], 100), 7, "the hundred refused ones were not counted here");
        let before = tables.0.clone();
        for number in 0..100 {
            assert!(!passes(&mut tables, NOW, &[shut, Use::of(&RULE, &number.to_string())]));
        }
        assert_eq!(tables.0, before, "a refusal writes nothing");
    }

    #[test]
    fn a_flood_of_other_keys_never_lets_anybody_through_too_late_and_takes_no_room() {
        let (mut tables, alice) = (Tables::default(), [Use::of(&RULE, "alice")]);
        assert_eq!(passed(&mut tables, NOW, &alice, 10), 10);
        for number in 0..50_000 {
            let key = [Use::of(&RULE, &format!("flood {number}"))];
            if let Ok(counted) = tables.count(NOW, &key, true)
                && number % 2 == 0
            {
                let back: Vec<_> = counted.0.iter().map(|used| (*used, used.rule.interval_ms())).collect();
                tables.take_back(NOW, &back);
            }
        }
        assert!(!passes(&mut tables, NOW, &alice));
        assert_eq!(tables.0.values().map(Vec::len).sum::<usize>(), ROWS * LOCAL_COLUMNS);
    }

    #[test]
    fn keys_do_not_disturb_each_other_at_the_load_of_one_environment() {
        let mut tables = Tables::default();
        for number in 0..2_400 {
            assert!(passes(&mut tables, NOW, &[Use::of(&RULE, &format!("stranger {number}"))]));
        }
        let wrongly = (0..200).filter(|number| {
            let key = [Use::of(&RULE, &format!("guest {number}"))];
            passed(&mut tables, NOW, &key, 5) < 5
        });
        assert_eq!(wrongly.count(), 0);
    }

    #[test]
    fn what_is_taken_back_was_never_counted_and_nothing_beyond_it() {
        let (mut tables, alice) = (Tables::default(), Use::of(&RULE, "alice"));
        for _ in 0..100 {
            let counted = tables.count(NOW, &[alice], true).unwrap();
            tables.take_back(NOW, &[(counted.0[0], RULE.interval_ms())]);
        }
        tables.take_back(NOW, &[(alice, 50 * RULE.interval_ms())]);
        assert_eq!(passed(&mut tables, NOW, &[alice], 30), 10, "no credit is saved up");
        tables.take_back(NOW, &[(alice, 2 * RULE.tolerance_ms())]);
        assert_eq!(passed(&mut tables, NOW, &[alice], 30), 10);
    }

    #[test]
    fn what_comes_behind_a_use_that_was_counted_is_not_counted_again() {
        let mut tables = Tables::default();
        let of = |key: &str| [Use::unless_counted(&ONCE, key), Use::of(&OTHER, "all")];
        for _ in 0..20 {
            assert!(passes(&mut tables, NOW, &of("the same")));
        }
        assert!(passes(&mut tables, NOW, &of("second")) && passes(&mut tables, NOW, &of("third")));
        assert!(!passes(&mut tables, NOW, &of("fourth")));
        assert!(!passes(&mut tables, NOW, &of("fourth")), "what was refused was not marked as counted");
        assert!(passes(&mut tables, NOW, &of("the same")));
    }

    #[test]
    fn asking_counts_nothing() {
        let (mut tables, alice) = (Tables::default(), [Use::of(&RULE, "alice")]);
        assert!((0..100).all(|_| tables.count(NOW, &alice, false).is_ok()) && tables.0.is_empty());
        passed(&mut tables, NOW, &alice, 10);
        assert!(tables.count(NOW, &alice, false).is_err());
    }

    #[test]
    fn a_clock_that_runs_far_ahead_shuts_nobody_out_for_long() {
        let (mut tables, alice) = (Tables::default(), [Use::of(&RULE, "alice")]);
        passed(&mut tables, NOW + 1_000_000 * MINUTE, &alice, 10);
        assert_eq!(passed(&mut tables, NOW, &alice, 30), 10);
    }
}
