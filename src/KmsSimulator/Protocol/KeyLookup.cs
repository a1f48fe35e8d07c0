using KmsSimulator.Model;

namespace KmsSimulator.Protocol;

/// <summary>Finds the key that a call names.</summary>
internal static class KeyLookup
{
    /// <summary>A key named by id or key ARN, as control-plane operations take it.</summary>
    /// <remarks>A key whose creation is not visible yet is not found, for writes as well.</remarks>
    public static KeyRecord Key(this KmsCall call, string field = "KeyId") => Find(call, call.Required(field), allowAlias: false);

    /// <summary>A key named by id, key ARN, alias or alias ARN, as DescribeKey and cryptographic operations take it.</summary>
    public static KeyRecord KeyOrAlias(this KmsCall call) => Find(call, call.Required("KeyId"), allowAlias: true);

    /// <summary>Fails unless the key is in one of these states.</summary>
    public static void RequireState(this KeyRecord key, DateTimeOffset now, params ReadOnlySpan<string> allowed)
    {
        var state = key.StateAt(now);
        if (allowed.Contains(state))
        {
            return;
        }

        throw state switch
        {
            KeyState.Disabled => new KmsException("DisabledException", $"{key.Arn} is disabled."),
            KeyState.PendingDeletion => KmsException.InvalidState($"{key.Arn} is pending deletion."),
            KeyState.PendingReplicaDeletion => KmsException.InvalidState($"{key.Arn} is pending replica deletion."),
            KeyState.PendingImport => KmsException.InvalidState($"{key.Arn} is pending import."),
            KeyState.Creating => KmsException.InvalidState($"{key.Arn} is creating."),
            KeyState.Updating => KmsException.InvalidState($"{key.Arn} is updating."),
            _ => KmsException.InvalidState($"{key.Arn} is {state}."),
        };
    }

    private static KeyRecord Find(KmsCall call, string text, bool allowAlias)
    {
        call.Subject = text;
        if (text.StartsWith("arn:", StringComparison.Ordinal))
        {
            var parts = text.Split(':', 6);
            if (parts.Length != 6 || parts[2] != "kms" || parts[1] != Arns.Partition(parts[3]))
            {
                throw KmsException.InvalidArn($"Invalid arn {text}");
            }

            if (parts[5].StartsWith("alias/", StringComparison.Ordinal) && !allowAlias)
            {
                throw KmsException.InvalidArn($"{parts[5]} is not a valid key ARN");
            }

            if (parts[4] != call.Caller.AccountId)
            {
                // The simulator has no cross-account permissions: another account's key is out of bounds.
                throw new KmsException("AccessDeniedException", $"User: {call.Caller.Arn} is not authorized to perform this operation on resource: {text}");
            }

            if (parts[3] != call.RegionName)
            {
                throw KmsException.NotFound($"Invalid arn {parts[3]}: {text}");
            }

            text = parts[5].StartsWith("key/", StringComparison.Ordinal) ? parts[5]["key/".Length..]
                : parts[5].StartsWith("alias/", StringComparison.Ordinal) ? parts[5]
                : throw KmsException.InvalidArn($"Invalid arn {text}");
        }

        if (text.StartsWith("alias/", StringComparison.Ordinal))
        {
            if (!allowAlias)
            {
                throw KmsException.NotFound($"Invalid keyId '{text}'");
            }

            var alias = call.Region.VisibleAlias(text)
                ?? throw KmsException.NotFound($"Alias {Arns.Alias(call.Caller.AccountId, call.RegionName, text)}");
            text = alias.TargetKeyId;
        }

        // Writes act on the true key; whether it can be found at all is what readers would see.
        var visible = call.Region.Visible(text) ?? throw KmsException.KeyNotFound(Arns.Key(call.Caller.AccountId, call.RegionName, text));
        call.Subject = visible.Arn;
        return call.Region.True(text) ?? visible;
    }
}
