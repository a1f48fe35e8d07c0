using System.Globalization;
using KmsSimulator.Admin;
using KmsSimulator.Faults;
using KmsSimulator.Sqs;
using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Protocol;

/// <summary>What happens to each call of KMS, STS and SQS: who is it, faults, quotas, the operation, the record.</summary>
internal sealed class CallPipeline(Simulation simulation)
{
    private const string StsRegion = "us-east-1";
    private readonly KmsProtocol _kms = new(simulation);
    private readonly StsProtocol _sts = new(simulation);
    private long _requests;

    /// <summary>A call of KMS; <paramref name="target"/> is its <c>X-Amz-Target</c>.</summary>
    public async Task HandleKmsAsync(HttpContext context, string target)
    {
        var name = target.StartsWith(KmsProtocol.TargetPrefix, StringComparison.Ordinal) ? target[KmsProtocol.TargetPrefix.Length..] : "";
        var known = OperationTable.Simulated.ContainsKey(name) || OperationTable.NotSimulated.Contains(name);
        var progress = new Progress(simulation.Clock.GetUtcNow()) { Operation = known ? name : CallLog.Unknown };
        var requestId = NextRequestId();
        await AnswerAsync(context, requestId, progress, KmsProtocol.Write, async () =>
        {
            var (caller, region) = Identify(context, progress);
            var body = await RequestBody.ReadAsync(context.Request);
            await MeetFaultsAsync(progress, caller, KmsProtocol.Fault);
            if (progress.Drop == FaultKind.DropBefore)
                return null;
            if (!OperationTable.Simulated.TryGetValue(name, out var operation))
            {
                throw known
                    ? Errors.Unsupported($"KmsSimulator does not simulate {name}.")
                    : new ServiceException("UnknownOperationException", $"KMS has no operation {Errors.Shown(target)}.");
            }

            _kms.TakeQuota(operation, caller, region);
            using var json = KmsProtocol.Parse(body ?? throw RequestBody.TooLong());
            var input = new KmsInput(json.RootElement);
            _kms.TakeQuotaElsewhere(operation, caller, region, input);
            return _kms.Run(operation, caller, region, input, requestId, key => progress.Key = key);
        });
    }

    /// <summary>Whose call it is and for which Region, by its signature.</summary>
    private (Caller Caller, string Region) Identify(HttpContext context, Progress progress)
    {
        var signature = Signature.Read(context.Request)
            ?? throw new ServiceException("MissingAuthenticationTokenException", "Missing Authentication Token");
        progress.Region = signature.Region;
        var caller = simulation.Sessions.CallerOf(signature.AccessKeyId, signature.Region);
        progress.Account = caller.AccountId;
        return (caller, signature.Region);
    }

    /// <summary>A call of SQS; <paramref name="target"/> is its <c>X-Amz-Target</c>.</summary>
    public async Task HandleSqsAsync(HttpContext context, string target)
    {
        var name = target[SqsProtocol.TargetPrefix.Length..];
        var progress = new Progress(simulation.Clock.GetUtcNow()) { Operation = SqsProtocol.Has(name) ? name : CallLog.Unknown };
        await AnswerAsync(context, NextRequestId(), progress, SqsProtocol.Write, async () =>
        {
            var (caller, region) = Identify(context, progress);
            var body = await RequestBody.ReadAsync(context.Request);
            await MeetFaultsAsync(progress, caller, SqsProtocol.Fault);
            if (progress.Drop == FaultKind.DropBefore)
                return null;
            using var json = KmsProtocol.Parse(body ?? throw RequestBody.TooLong());
            var call = new SqsCall
            {
                Simulation = simulation,
                Caller = caller,
                Region = region,
                Input = new SqsInput(json.RootElement),
                Endpoint = $"{(context.Request.Scheme is { Length: > 0 } scheme ? scheme : "http")}://{context.Request.Host}",
                Gone = context.RequestAborted,
            };
            try
            {
                return await SqsProtocol.RunAsync(name, call);
            }
            finally
            {
                progress.Key = call.QueueArn;
            }
        });
    }

    /// <summary>A call of STS.</summary>
    public async Task HandleStsAsync(HttpContext context)
    {
        var progress = new Progress(simulation.Clock.GetUtcNow()) { Operation = CallLog.Unknown };
        var requestId = NextRequestId();
        await AnswerAsync(context, requestId, progress, error => StsProtocol.Write(error, requestId), async () =>
        {
            var parameters = await StsRequest.ReadAsync(context.Request);
            var action = parameters.GetValueOrDefault("Action", "");
            if (StsProtocol.Operations.Contains(action))
                progress.Operation = action;

            // AssumeRoleWithWebIdentity is not signed.
            var signature = Signature.Read(context.Request);
            progress.Region = signature?.Region;
            var caller = simulation.Sessions.CallerOf(signature?.AccessKeyId, signature?.Region ?? StsRegion);
            progress.Account = caller.AccountId;
            await MeetFaultsAsync(progress, caller, StsProtocol.Fault);
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
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // The client went away, or sent what is no HTTP, before its request was complete.
            answer = null;
            outcome = "cancelled";
        }
        catch (Exception bug)
        {
            // The simulator's own fault: said where whoever runs into it will see it.
            answer = writeError(Errors.Internal($"kms-simulator failed: {bug}"));
            outcome = "kms-simulator failed";
        }

        outcome = progress.Drop switch
        {
            FaultKind.DropBefore => "dropBefore",
            FaultKind.DropAfter => outcome == "OK" ? "dropAfter" : $"dropAfter {outcome}",
            _ => outcome,
        };
        simulation.Calls.Add(new CallEntry(progress.Time, progress.Operation, progress.Account, progress.Region, outcome, progress.Key));
        if (answer is null || progress.Drop is not null)
            context.Abort();
        else
            await answer.SendAsync(context, requestId);
    }

    /// <summary>Lets the call's faults happen. A drop is only noted: what it means depends on the effect.</summary>
    private async Task MeetFaultsAsync(Progress progress, Caller caller, Func<FaultKind, Caller, string, ServiceException> error)
    {
        var hits = simulation.Faults.Next(progress.Operation, progress.Account, progress.Region);
        foreach (var fault in hits.Faults)
        {
            switch (fault.Kind)
            {
                // Neither is ended by a client that gives up: a slow call still has its effect.
                case FaultKind.Delay:
                    await Task.Delay(TimeSpan.FromMilliseconds(fault.DelayMs), simulation.Time);
                    break;
                case FaultKind.Hold:
                    await hits.Release;
                    break;
                case FaultKind.DropBefore or FaultKind.DropAfter:
                    progress.Drop = fault.Kind;
                    return;
                default:
                    throw error(fault.Kind, caller, progress.Operation);
            }
        }
    }

    private string NextRequestId() =>
        string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-8000-{Interlocked.Increment(ref _requests):x12}");

    /// <summary>What is known of a call while it is under way.</summary>
    private sealed class Progress(DateTimeOffset time)
    {
        public DateTimeOffset Time => time;

        public required string Operation { get; set; }

        public string Account { get; set; } = "";

        public string? Region { get; set; }

        public string? Key { get; set; }

        public FaultKind? Drop { get; set; }
    }
}
