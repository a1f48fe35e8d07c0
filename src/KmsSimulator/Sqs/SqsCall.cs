using KmsSimulator.Protocol;
using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Sqs;

/// <summary>One call of SQS.</summary>
internal sealed class SqsCall
{
    public required Simulation Simulation { get; init; }

    public required Caller Caller { get; init; }

    public required string Region { get; init; }

    public required SqsInput Input { get; init; }

    /// <summary>Where the simulator was reached; queue URLs begin with it.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The caller has gone, and must get no message.</summary>
    public required CancellationToken Gone { get; init; }

    /// <summary>The queue concerned, for the record of calls.</summary>
    public string? QueueArn { get; set; }

    public DateTimeOffset Now => Simulation.Clock.GetUtcNow();

    /// <summary>The queue that QueueUrl names by its account and name; the host does not matter.</summary>
    public (SqsQueue Queue, string Account, string Name) Queue()
    {
        var text = Input.Required("QueueUrl");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.AbsolutePath.Split('/') is not [_, var account, var name])
            throw new ServiceException("InvalidParameterValueException", $"The address {Errors.Shown(text)} is not valid for this endpoint.");
        var queue = Simulation.Queues.Find(account, Region, name) ?? throw SqsErrors.NoQueue();
        QueueArn = queue.Arn;
        return (queue, account, name);
    }
}
