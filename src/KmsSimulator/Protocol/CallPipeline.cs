using System.Globalization;
using KmsSimulator.Admin;
using KmsSimulator.Faults;
using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Protocol;

/// <summary>What happens to each call of KMS and STS: who is it, faults, quotas, the operation, the record.</summary>
internal sealed class CallPipeline(Simulation simulation)
{
    private const string StsRegion = "us-east-1";
    private readonly KmsProtocol _kms = new(simulation);
    private readonly StsProtocol _sts = new(simulation);
    private long _requests;

    /// <summary>A call of KMS; <paramref name="name"/> is the operation's.</summary>
    public async Task HandleKmsAsync(HttpContext context, string name)
    {
        var progress = new Progress(simulation.Clock.GetUtcNow(), name);
        var requestId = NextRequestId();
        await AnswerAsync(context, requestId, progress, KmsProtocol.Write, async () =>
        {
            var signature = Signature.Read(context.Request.Headers.Authorization)
                ?? throw new ServiceException("MissingAuthenticationTokenException", "Missing Authentication Token");
            var caller = simulation.Sessions.CallerOf(signature.AccessKeyId, signature.Region);
            (progress.Account, progress.Region) = (caller.AccountId, signature.Region);
            using var json = await KmsProtocol.ReadAsync(context.Request);
            var input = new KmsInput(json.RootElement);
            await MeetFaultsAsync(progress, caller);
            if (progress.Drop == FaultKind.DropBefore)
                return null;
            if (!OperationTable.Simulated.TryGetValue(name, out var operation))
            {
                throw OperationTable.NotSimulated.Contains(name)
                    ? Errors.Unsupported($"KmsSimulator does not simulate {name}.")
                    : new ServiceException("UnknownOperationException", $"KMS has no operation {name}.");
            }

            _kms.TakeQuota(operation, caller, signature.Region, input);
            return _kms.Run(operation, caller, signature.Region, input, requestId, key => progress.Key = key);
        });
    }

    /// <summary>A call of STS.</summary>
    public async Task HandleStsAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var parameters = form.ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal);
        var action = parameters.GetValueOrDefault("Action", "");
        var progress = new Progress(simulation.Clock.GetUtcNow(), action);
        var requestId = NextRequestId();
        await AnswerAsync(context, requestId, progress, error => StsProtocol.Write(error, requestId), async () =>
        {
            // AssumeRoleWithWebIdentity is not signed.
            var signature = Signature.Read(context.Request.Headers.Authorization);
            var caller = simulation.Sessions.CallerOf(signature?.AccessKeyId, signature?.Region ?? StsRegion);
            (progress.Account, progress.Region) = (caller.AccountId, signature?.Region);
            await MeetFaultsAsync(progress, caller);
            return progress.Drop == FaultKind.DropBefore
                ? null
                : _sts.Run(action, parameters, signature is null ? null : caller, requestId);
        });
    }

    /// <summary>Sends what the call results in, having recorded it first: whoever has the answer finds the call in the record.</summary>
    private async Task AnswerAsync(
        HttpContext context,
        string requestId,
        Progress progress,
        Func<ServiceException, WireAnswer> writeError,
        Func<Task<WireAnswer?>> run)
    {
        WireAnswer? answer;
        var outcome = "OK";
        try
        {
            answer = await run();
        }
        catch (ServiceException error)
        {
            answer = writeError(error);
            outcome = error.Code;
        }
        catch (Exception bug) when (bug is not (OperationCanceledException or IOException))
        {
            // The simulator's own fault: said where whoever runs into it will see it.
            answer = writeError(Errors.Internal($"kms-simulator failed: {bug}"));
            outcome = "kms-simulator failed";
        }

        outcome = progress.Drop switch { FaultKind.DropBefore => "dropBefore", FaultKind.DropAfter => "dropAfter", _ => outcome };
        simulation.Calls.Add(new CallEntry(progress.Time, progress.Operation, progress.Account, progress.Region, outcome, progress.Key));
        if (answer is null || progress.Drop is not null)
            context.Abort();
        else
            await answer.SendAsync(context, requestId);
    }

    /// <summary>Lets the call's faults happen. A drop is only noted: what it means depends on the effect.</summary>
    private async Task MeetFaultsAsync(Progress progress, Caller caller)
    {
        foreach (var fault in simulation.Faults.Next(progress.Operation, progress.Account, progress.Region))
        {
            switch (fault.Kind)
            {
                // Not ended by a client that gives up: a slow call still has its effect.
                case FaultKind.Delay:
                    await Task.Delay(TimeSpan.FromMilliseconds(fault.DelayMs), simulation.Time);
                    break;
                case FaultKind.DropBefore or FaultKind.DropAfter:
                    progress.Drop = fault.Kind;
                    return;
                case FaultKind.Throttle:
                    throw Errors.Throttled();
                case FaultKind.Error5xx:
                    throw Errors.Internal();
                case FaultKind.AccessDenied:
                    throw Errors.AccessDenied(caller, progress.Operation, "*");
            }
        }
    }

    private string NextRequestId() =>
        string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-8000-{Interlocked.Increment(ref _requests):x12}");

    /// <summary>What is known of a call while it is under way.</summary>
    private sealed class Progress(DateTimeOffset time, string operation)
    {
        public DateTimeOffset Time => time;

        public string Operation => operation;

        public string Account { get; set; } = "";

        public string? Region { get; set; }

        public string? Key { get; set; }

        public FaultKind? Drop { get; set; }
    }
}
