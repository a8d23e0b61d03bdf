-- Statistics of a comparison: paired tests over seeds, bootstrap intervals over the test set.
--
-- A test over seeds asks whether training again with other seeds would show the same difference.  A
-- bootstrap interval asks what another test set of the same size could give with the same models.
-- Neither covers the other's variation.
local core = require "vesper.core"
local check = require "vesper.util.check"
local options = require "vesper.util.options"

local experiment = {}

-- ---- Student's t --------------------------------------------------------------------------------

-- log(Gamma(x)) for x > 0: Lanczos' approximation (Press et al., Numerical Recipes, 3rd ed., 6.1)
-- with g = 5 and six terms; its error is below 2e-10.
local LANCZOS = {76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155,
  0.1208650973866179e-2, -0.5395239384953e-5}

local function log_gamma(x)
  local sum, base = 1.000000000190015, x + 5.5
  for i, c in ipairs(LANCZOS) do sum = sum + c / (x + i) end
  return (x + 0.5) * math.log(base) - base + math.log(2.5066282746310005 * sum / x)
end

-- The continued fraction of the incomplete beta function by Lentz's method (Numerical Recipes,
-- 6.4).
local function beta_fraction(a, b, x)
  local function away(value) return math.abs(value) < 1e-300 and 1e-300 or value end
  local c, d = 1, 1 / away(1 - (a + b) * x / (a + 1))
  local h = d
  for m = 1, 300 do
    local even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    d, c = 1 / away(1 + even * d), away(1 + even / c)
    h = h * d * c
    local odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    d, c = 1 / away(1 + odd * d), away(1 + odd / c)
    h = h * d * c
    if math.abs(d * c - 1) < 1e-15 then break end
  end
  return h
end

-- The regularised incomplete beta function I_x(a, b).
local function incomplete_beta(a, b, x)
  if x <= 0 or x >= 1 then return x <= 0 and 0 or 1 end
  local front = math.exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * math.log(x)
    + b * math.log(1 - x))
  if x < (a + 1) / (a + b + 2) then return front * beta_fraction(a, b, x) / a end
  return 1 - front * beta_fraction(b, a, 1 - x) / b
end

-- P(|T| >= |t|) of Student's t with df degrees of freedom: I_x(df/2, 1/2), x = df / (df + t^2)
-- (Abramowitz and Stegun, 26.5.27).
local function two_sided(t, df) return incomplete_beta(df / 2, 0.5, df / (df + t * t)) end

--- The t above which a two-sided test with df degrees of freedom has p < level.
function experiment.critical_t(df, level)
  check.kind("experiment.critical_t", "df", df, "count")
  check.kind("experiment.critical_t", "level", level, "probability")
  check.kind("experiment.critical_t", "level", level, "positive")
  local low, high = 0, 1
  while two_sided(high, df) > level do high = 2 * high end
  for _ = 1, 100 do
    local middle = (low + high) / 2
    if two_sided(middle, df) > level then low = middle else high = middle end
  end
  return high
end

-- ---- paired tests -------------------------------------------------------------------------------

-- The differences a[i] - b[i].
local function differences(what, a, b)
  check.kind(what, "a", a, "list")
  check.kind(what, "b", b, "list")
  if #a ~= #b or #a == 0 then
    check.fail(what, "a has %d and b %d numbers, expected as many, at least 1", #a, #b)
  end
  local list = {}
  for i, x in ipairs(a) do
    check.kind(what, "a", x, "number")
    check.kind(what, "b", b[i], "number")
    list[i] = x - b[i]
  end
  return list
end

--- The paired t-test (Student 1908) of two lists of figures, such as those of two models with the
-- same seeds: t = mean(d) / (s / sqrt(n)) of the differences d = a - b with their standard
-- deviation s over n - 1; p = P(|T| >= |t|) with n - 1 degrees of freedom.  Returns {n, mean,
-- deviation, t, p}; of one pair only n and mean.  The test takes the differences to be normal.
function experiment.paired_t_test(a, b)
  local d, sum, squares = differences("experiment.paired_t_test", a, b), 0, 0
  local n = #d
  for _, x in ipairs(d) do sum = sum + x end
  local mean = sum / n
  if n == 1 then return {n = 1, mean = mean} end
  for _, x in ipairs(d) do squares = squares + (x - mean) ^ 2 end
  local deviation, largest = math.sqrt(squares / (n - 1)), 0
  for i = 1, n do largest = math.max(largest, math.abs(a[i]), math.abs(b[i])) end
  if deviation <= 1e-14 * largest then -- rounding
    mean = math.abs(mean) <= 1e-14 * largest and 0 or mean
    return {n = n, mean = mean, deviation = 0, t = mean == 0 and 0 or mean * math.huge,
      p = mean == 0 and 1 or 0}
  end
  local t = mean / (deviation / math.sqrt(n))
  return {n = n, mean = mean, deviation = deviation, t = t, p = two_sided(t, n - 1)}
end

local MOST = 20 -- pairs; 2^20 sums

--- The exact sign-flip permutation test (Fisher 1935) of two paired lists: without a difference
-- between a and b both signs of each a - b are equally likely.  p is the share of the 2^n
-- assignments of signs whose |mean| is at least the observed one; it assumes no distribution.
-- Returns p and the smallest p that n pairs can have, 2 / 2^n: three pairs 0.25, six 0.031.  For at
-- most 20 pairs.
function experiment.sign_flip_test(a, b)
  local d = differences("experiment.sign_flip_test", a, b)
  local n, observed, nan = #d, 0, 0 / 0
  check.whole("experiment.sign_flip_test", "the number of pairs", n, 1, MOST)
  local scale = 0
  for _, x in ipairs(d) do
    observed, scale = observed + x, scale + math.abs(x)
  end
  if scale ~= scale or scale == math.huge then return nan, math.min(1, 2 / (1 << n)) end
  local least, count = math.abs(observed) - 1e-12 * scale, 0
  for signs = 0, (1 << n) - 1 do
    local sum = 0
    for i = 1, n do sum = sum + ((signs >> (i - 1)) & 1 == 1 and d[i] or -d[i]) end
    if math.abs(sum) >= least then count = count + 1 end
  end
  return count / (1 << n), math.min(1, 2 / (1 << n))
end

-- ---- bootstrap ----------------------------------------------------------------------------------

--- Sums of the rows of x [N,K] over bootstrap samples, N rows drawn with replacement:
-- [resamples,K].  The draws depend only on seed and N, so the results of several x with the same N
-- are paired.  The state of the random generator is not changed.  Options: resamples = 2000,
-- seed = 1.
function experiment.bootstrap(x, given)
  local what = "experiment.bootstrap"
  local o = options.read(what, given, {resamples = 2000, seed = 1},
    {resamples = "count", seed = "integer"})
  check.tensor(what, "x", x, 2)
  if #x == 0 then check.fail(what, "x has no rows, expected at least 1") end
  local n, state = #x, core.get_rng_state()
  core.manual_seed(o.seed)
  local sums = {}
  for i = 1, o.resamples do sums[i] = x:index_select(1, core.randint(1, n, n)):sum(1) end
  core.set_rng_state(state)
  return core.stack(sums, 1)
end

--- The percentile interval of a list of numbers (Efron and Tibshirani 1993, 13.3): the quantiles
-- (1 - level) / 2 and (1 + level) / 2, between two numbers by linear interpolation.
function experiment.interval(list, level)
  level = level or 0.95
  check.kind("experiment.interval", "list", list, "list")
  check.kind("experiment.interval", "level", level, "probability")
  if #list == 0 then check.fail("experiment.interval", "list is empty, expected at least 1") end
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local function quantile(q)
    local place = 1 + q * (#sorted - 1)
    local i = math.min(math.floor(place), #sorted - 1)
    if #sorted == 1 then return sorted[1] end
    return sorted[i] + (place - i) * (sorted[i + 1] - sorted[i])
  end
  return quantile((1 - level) / 2), quantile((1 + level) / 2)
end

return experiment
