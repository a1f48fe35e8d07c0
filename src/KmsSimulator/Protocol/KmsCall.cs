using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Protocol;

/// <summary>One call of KMS, while the gate of the account that it is about is held.</summary>
internal sealed class KmsCall
{
    public required Simulation Simulation { get; init; }

    public required KmsOperation Operation { get; init; }

    public required Caller Caller { get; init; }

    /// <summary>The account that the call is about: the caller's, but for the operations that reach another's key.</summary>
    public required KmsAccount Owner { get; init; }

    /// <summary>The Region that was called.</summary>
    public required string Region { get; init; }

    public required KmsInput Input { get; init; }

    public required DateTimeOffset Now { get; init; }

    public required string RequestId { get; init; }

    /// <summary>ARN of the key concerned, for the record of calls.</summary>
    public string? KeyArn { get; set; }

    public string Partition => Arn.Partition(Region);

    /// <summary>What the owner has in the Region called.</summary>
    public KmsAccountRegion Here => Owner.Region(Region);

    /// <summary>The key that KeyId names and a reader's view of it, in a state in which the operation works.</summary>
    public (KeyEntry Key, KeyRecord Record) KeyToRead()
    {
        var key = KeyLookup.Find(this, "KeyId");
        var record = key.Record.Read(Now)!;
        Require(key, record, Operation.WorksIn);
        return (key, record);
    }

    /// <summary>The key that a parameter names, truly in a state in which the operation works.</summary>
    public KeyEntry KeyToWrite(string parameter = "KeyId")
    {
        var key = KeyLookup.Find(this, parameter);
        Require(key, key.Current, Operation.WorksIn);
        return key;
    }

    /// <summary>A key's shared properties as a reader sees them.</summary>
    public SharedProperties SharedToRead(KeyEntry key) => key.Group.Shared.Read(Now) ?? key.Shared;

    public static void Require(KeyEntry key, KeyRecord record, KeyState worksIn)
    {
        if ((record.State & worksIn) == 0)
            throw Errors.WrongState(key.Arn, record.State);
    }

    /// <summary>Limit and Marker.</summary>
    public Paging Paging(int defaultLimit, int maxLimit) => Protocol.Paging.Read(this, defaultLimit, maxLimit);
}
