namespace KmsOperator.Simulation.Protocol;

/// <summary>
/// The creation of a key as a model of its own: what can happen next in each state. An operator that is paused is one that does none of its
/// steps for a while, so every pause is among the orders that the search tries.
/// </summary>
internal sealed class CreationProtocol(ProtocolGuards guards, ProtocolTimes times)
{
    private const int A = 1;
    private const int B = 2;

    /// <summary>Both processes run, nobody leads, there is no key.</summary>
    public static ProtocolState Start { get; } = new()
    {
        A = new OperatorState { Step = OperatorStep.Idle, CacheIsFresh = true },
        B = new OperatorState { Step = OperatorStep.Idle, CacheIsFresh = true },
    };

    /// <summary>Everything that can happen next.</summary>
    public IEnumerable<(string What, ProtocolState After)> Next(ProtocolState state)
    {
        foreach (var number in (int[])[A, B])
        {
            foreach (var next in NextOf(state, number, state.Operator(number)))
                yield return next;
        }

        for (var attempt = 1; attempt <= state.Attempts; attempt++)
        {
            if (state.Call(attempt).State != CallState.InFlight)
                continue;
            yield return ($"call {attempt} makes its key", state.WithCall(attempt, new CallRecord(CallState.Made, 0)));
            if (times.MayLoseCalls)
                yield return ($"call {attempt} is lost", state.WithCall(attempt, new CallRecord(CallState.Lost, 0)));
        }

        if (state.RecordedAttempt is not (0 or ProtocolState.Edited) && state.StoredKey == 0 && state.Edits < times.Edits)
        {
            yield return ("somebody edits the record", Written(state with { RecordedAttempt = ProtocolState.Edited, Edits = (byte)(state.Edits + 1) }));
        }

        if (MayTick(state))
            yield return ("time passes", Tick(state));
    }

    /// <summary>What is wrong with a state; null when nothing is.</summary>
    public static string? Violation(ProtocolState state) => TwoKeys(state) ?? UnknownKey(state);

    /// <summary>Promise: there are never two usable keys for one resource.</summary>
    public static string? TwoKeys(ProtocolState state) =>
        Enumerable.Range(1, state.Attempts).Count(attempt => state.Call(attempt).State == CallState.Made) > 1 ? "two keys for one resource" : null;

    /// <summary>
    /// Promise: every key is in the resource's status, or the attempt that made it is on record. Where people have edited the record, the finalizer says
    /// that there may be a key, and the key's tags say whose it is.
    /// </summary>
    public static string? UnknownKey(ProtocolState state)
    {
        for (var attempt = 1; attempt <= state.Attempts; attempt++)
        {
            if (state.Call(attempt).State == CallState.Made && state.StoredKey != attempt && state.RecordedAttempt != attempt && state.RecordedAttempt != ProtocolState.Edited)
                return $"key {attempt} is in no status and on no record";
        }

        return null;
    }

    /// <summary>Whether everything is done: the key is stored.</summary>
    public static bool IsDone(ProtocolState state) => state.StoredKey != 0;

    private IEnumerable<(string What, ProtocolState After)> NextOf(ProtocolState state, int number, OperatorState op)
    {
        var name = number == A ? "A" : "B";
        if (op.Step == OperatorStep.Down)
        {
            yield return ($"{name} starts", state.WithOperator(number, Read(state, new OperatorState { Step = OperatorStep.Idle })));
            yield break;
        }

        if (state.Crashes < times.Crashes)
            yield return ($"{name} is killed", (state with { Crashes = (byte)(state.Crashes + 1) }).WithOperator(number, default));
        if (op.Leads && state.LeaseHolder == number)
            yield return ($"{name} renews its lease", state with { LeaseAge = 0 });
        if (op.Leads && state.LeaseHolder != number)
            yield return ($"{name} sees that its lease is lost and ends", state.WithOperator(number, default));
        if (!op.Leads && (state.LeaseHolder == 0 || state.LeaseAge >= times.LeaseDuration))
        {
            yield return ($"{name} takes the lease", (state with { LeaseHolder = (byte)number, LeaseAge = 0 }).WithOperator(
                number, op with { Leads = true }));
        }

        if (!op.CacheIsFresh)
            yield return ($"{name} is told of the resource's newest state", state.WithOperator(number, Read(state, op)));
        if (!op.Leads)
            yield break;
        foreach (var next in Work(state, number, op))
            yield return ($"{name} {next.What}", next.After);
    }

    private IEnumerable<(string What, ProtocolState After)> Work(ProtocolState state, int number, OperatorState op)
    {
        switch (op.Step)
        {
            case OperatorStep.Idle when op.CachedKey != 0:
                break;
            case OperatorStep.Idle when op.CachedAttempt != 0 && op.CachedAttempt == op.Settled:
                foreach (var next in Begin(state, number, op))
                    yield return next;
                if (op.CacheIsFresh && MayWrite(state, number))
                    yield return Withdraw(state, number, op);
                break;
            case OperatorStep.Idle when op.CachedAttempt != 0 && (op.CachedAttempt != ProtocolState.Edited || guards.FinalizerStandsForAnAttempt):
                foreach (var next in Settle(state, number, op))
                    yield return next;
                break;
            case OperatorStep.Idle:
                foreach (var next in Begin(state, number, op))
                    yield return next;
                break;
            case OperatorStep.Recorded when guards.CheckTheLease && !MayWrite(state, number):
                yield return ("finds its lease too old to write to AWS, and ends", state.WithOperator(number, default));
                break;
            case OperatorStep.Recorded:
                yield return ("checks its lease", state.WithOperator(number, op with { Step = OperatorStep.Checked, CheckAge = 0 }));
                break;
            case OperatorStep.Checked:
                yield return ($"sends CreateKey {op.Attempt}", state.WithCall(op.Attempt, new CallRecord(CallState.InFlight, 0)).WithOperator(
                    number, op with { Step = OperatorStep.Sent }));
                break;
            case OperatorStep.Sent:
                if (state.Call(op.Attempt).State == CallState.Made)
                    yield return ("gets the answer", state.WithOperator(number, op with { Step = OperatorStep.Known }));
                if (times.MayRefuse && state.Call(op.Attempt).State == CallState.InFlight)
                {
                    yield return ("is refused", state.WithCall(op.Attempt, new CallRecord(CallState.Lost, 0)).WithOperator(
                        number, op with { Step = OperatorStep.Idle, Settled = op.Attempt }));
                }

                yield return ("gets no answer", state.WithOperator(number, op with { Step = OperatorStep.Idle }));
                break;
            case OperatorStep.Known:
                yield return Store(state, number, op);
                break;
            default:
                throw new InvalidOperationException($"{op.Step} is no step of a running process.");
        }
    }

    private IEnumerable<(string What, ProtocolState After)> Begin(ProtocolState state, int number, OperatorState op)
    {
        if (state.Attempts == times.Attempts || (guards.CheckTheLeaseBeforeTheRecord && !MayWrite(state, number)))
            yield break;
        var attempt = (byte)(state.Attempts + 1);
        var counted = state with { Attempts = attempt };
        if (!guards.RecordBeforeCreate)
        {
            yield return ($"begins attempt {attempt}", counted.WithOperator(number, op with { Step = OperatorStep.Recorded, Attempt = attempt }));
        }
        else if (op.CacheIsFresh || !guards.OptimisticLock)
        {
            var written = Written(counted with { RecordedAttempt = attempt, RecordAge = 0 });
            yield return ($"puts attempt {attempt} on record", written.WithOperator(
                number, Read(written, op) with { Step = OperatorStep.Recorded, Attempt = attempt, Settled = 0, LookedFor = 0, LookAge = 0 }));
            if (times.MayRefuse)
            {
                yield return ($"puts attempt {attempt} on record and does not hear so", written.WithOperator(
                    number, op with { CacheIsFresh = false, Settled = attempt }));
            }
        }
    }

    private IEnumerable<(string What, ProtocolState After)> Settle(ProtocolState state, int number, OperatorState op)
    {
        // By the attempt's tag, or by the tags that name the resource.
        for (byte attempt = 1; attempt <= state.Attempts && guards.LookForTheKey; attempt++)
        {
            var call = state.Call(attempt);
            if (call.State != CallState.Made)
                continue;
            yield return ($"finds key {attempt}", state.WithOperator(number, op with { Step = OperatorStep.Known, Attempt = attempt }));
            if (call.Age >= times.StaleReads)
                yield break;
        }

        var hasLooked = op.LookedFor == op.CachedAttempt;
        var looked = hasLooked ? op : op with { LookedFor = op.CachedAttempt, LookAge = 0 };
        if (!guards.WaitOutTheWindow || (guards.CountFromTheFirstLook ? looked.LookAge : state.RecordAge) >= times.Window)
        {
            foreach (var next in Begin(state, number, looked))
                yield return ($"does not find the key of attempt {op.CachedAttempt} and {next.What}", next.After);
        }
        else if (!hasLooked)
        {
            yield return ($"does not find the key of attempt {op.CachedAttempt} and waits", state.WithOperator(number, looked));
        }
    }

    /// <summary>KMS has refused: record and finalizer go in one write.</summary>
    private static (string What, ProtocolState After) Withdraw(ProtocolState state, int number, OperatorState op)
    {
        var written = Written(state with { RecordedAttempt = 0 });
        return ($"withdraws attempt {op.Settled}", written.WithOperator(number, Read(written, op)));
    }

    /// <summary>A conflict is answered by reading again: the key is the resource's, whatever else has changed, also the record.</summary>
    private static (string What, ProtocolState After) Store(ProtocolState state, int number, OperatorState op)
    {
        if (state.StoredKey != 0 && state.StoredKey != op.Attempt)
            return ($"cannot store key {op.Attempt}", state.WithOperator(number, Read(state, op) with { Step = OperatorStep.Idle }));
        var written = Written(state with { StoredKey = op.Attempt });
        return ($"stores key {op.Attempt}", written.WithOperator(number, Read(written, op) with { Step = OperatorStep.Idle }));
    }

    private bool MayWrite(ProtocolState state, int number) => state.LeaseHolder == number && state.LeaseAge < times.RenewDeadline;

    private static OperatorState Read(ProtocolState state, OperatorState op) =>
        op with { CachedAttempt = state.RecordedAttempt, CachedKey = state.StoredKey, CacheIsFresh = true };

    private static ProtocolState Written(ProtocolState state) =>
        state with { A = state.A with { CacheIsFresh = false }, B = state.B with { CacheIsFresh = false } };

    /// <summary>Whether time may pass without breaking what is assumed of the world.</summary>
    private bool MayTick(ProtocolState state)
    {
        for (var attempt = 1; attempt <= state.Attempts; attempt++)
        {
            if (state.Call(attempt) is { State: CallState.InFlight } call && call.Age >= times.CallDelay)
                return false;
        }

        return !guards.CheckTheLease || (!IsSending(state.A) && !IsSending(state.B));
    }

    private bool IsSending(OperatorState op) => op.Step == OperatorStep.Checked && op.CheckAge >= times.SendDelay;

    private ProtocolState Tick(ProtocolState state) => state with
    {
        A = Older(state.A),
        B = Older(state.B),
        LeaseAge = Older(state.LeaseAge, times.LeaseDuration),
        RecordAge = guards.CountFromTheFirstLook ? (byte)0 : Older(state.RecordAge, times.Window),
        First = Older(state.First),
        Second = Older(state.Second),
        Third = Older(state.Third),
    };

    private OperatorState Older(OperatorState op) => op with
    {
        LookAge = op.LookedFor != 0 ? Older(op.LookAge, times.Window) : op.LookAge,
        CheckAge = op.Step == OperatorStep.Checked ? Older(op.CheckAge, times.SendDelay) : (byte)0,
    };

    private CallRecord Older(CallRecord call) => call.State switch
    {
        CallState.InFlight => call with { Age = Older(call.Age, times.CallDelay) },
        CallState.Made => call with { Age = Older(call.Age, times.StaleReads) },
        _ => call,
    };

    private static byte Older(byte age, int enough) => (byte)Math.Min(age + 1, enough);
}
