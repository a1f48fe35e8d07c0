using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>What all operations that use a key have in common: its state, its KeyUsage, DryRun, and that it is remembered.</summary>
internal static class KeyUse
{
    /// <summary>The key that KeyId names, fit for the operation.</summary>
    public static KeyEntry Find(KmsCall call, string usage)
    {
        var key = KeyLookup.Find(call, "KeyId");
        Require(call, key, usage);
        return key;
    }

    /// <summary>Fails unless the key's state and KeyUsage permit the operation.</summary>
    /// <param name="call">The call.</param>
    /// <param name="key">The key.</param>
    /// <param name="usage">The KeyUsage that it must have.</param>
    /// <param name="operation">The operation as the error names it; null for the call's.</param>
    public static void Require(KmsCall call, KeyEntry key, string usage, string? operation = null)
    {
        KmsCall.Require(key, key.Current, call.Operation.WorksIn);
        if (key.Group.KeyUsage != usage)
        {
            throw new ServiceException(
                "InvalidKeyUsageException",
                $"{key.Arn} key usage is {key.Group.KeyUsage} which is not valid for {operation ?? call.Operation.Name}.");
        }
    }

    /// <summary>Fails unless the key has the algorithm.</summary>
    public static void RequireAlgorithm(KeyEntry key, string algorithm)
    {
        if (!Keys.KeySpecs.Algorithms(key.Group.KeySpec, key.Group.KeyUsage).Names.Contains(algorithm))
        {
            throw new ServiceException(
                "InvalidKeyUsageException", $"Algorithm {algorithm} is incompatible with key spec {key.Group.KeySpec}.");
        }
    }

    /// <summary>What every one of them takes.</summary>
    /// <returns>Whether it is a dry run.</returns>
    public static bool ReadCommon(KmsCall call)
    {
        call.Input.GrantTokens();
        if (call.Input.Structure("Recipient") is not null)
            throw Errors.Unsupported("KmsSimulator does not simulate Recipient.");
        return call.Input.Boolean("DryRun") ?? false;
    }

    /// <summary>Ends a dry run, or remembers that keys were used with success.</summary>
    public static void Done(KmsCall call, bool dryRun, params ReadOnlySpan<KeyEntry> keys)
    {
        if (dryRun)
            throw Errors.DryRun();
        if (call.Simulation.UsageTrackingSince > call.Now)
            return;
        foreach (var key in keys)
            key.LastUsage = new KeyUsage(call.Operation.Name, call.Now, call.RequestId, call.Owner.Ids.Uuid());
    }
}
