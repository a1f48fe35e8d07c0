using System.Text.RegularExpressions;
using KmsSimulator.Policies;
using KmsSimulator.State;

namespace KmsSimulator.Protocol;

/// <summary>Finds the key that a call names by id or ARN and, where the operation takes them, by alias name or ARN.</summary>
/// <remarks>Source: AWS KMS API reference, KeyId of each operation.</remarks>
internal static partial class KeyLookup
{
    /// <summary>The key that a parameter names.</summary>
    public static KeyEntry Find(KmsCall call, string parameter)
    {
        var text = call.Input.String(parameter, 1, 2048, required: true);
        call.Input.Validate();
        return FindNamed(call, text!);
    }

    /// <summary>The key of this id, ARN or alias.</summary>
    /// <param name="call">The call.</param>
    /// <param name="text">The name.</param>
    /// <param name="permission">What the caller must be allowed to do with it, where that is not called as the operation is.</param>
    public static KeyEntry FindNamed(KmsCall call, string text, string? permission = null)
    {
        call.KeyArn = text;
        var isForeign = false;
        var name = text;
        if (text.StartsWith("arn:", StringComparison.Ordinal))
        {
            if (!Arn.TryParse(text, out var region, out var account, out var resource))
                throw Errors.InvalidArn(text);
            if (resource.StartsWith("alias/", StringComparison.Ordinal) && !call.Operation.TakesAlias)
                throw Errors.InvalidArn(text);
            if (region != call.Region)
                throw Errors.NotFound($"Invalid arn {region}");
            if (account != call.Owner.Id)
                throw Errors.AccessDenied(call.Caller, call.Operation.Name, text);
            isForeign = account != call.Caller.AccountId;
            name = resource.StartsWith("key/", StringComparison.Ordinal) ? resource[4..] : resource;
        }

        var key = name.StartsWith("alias/", StringComparison.Ordinal) ? ByAlias(call, name, isForeign) : Visible(call, name);
        if (isForeign && key is null)
            throw Errors.AccessDenied(call.Caller, call.Operation.Name, text);
        if (key is null)
        {
            throw IsKeyId(name)
                ? Errors.KeyNotFound(Arn.Key(call.Owner.Id, call.Region, name))
                : Errors.NotFound($"Invalid keyId '{name}'");
        }

        if (call.Operation.ByKeyPolicy)
            KeyAuthorization.Require(call, key, permission ?? call.Operation.Name);
        call.KeyArn = key.Arn;
        return key;
    }

    /// <summary>Whether a text has the form of a key's id.</summary>
    public static bool IsKeyId(string text) => KeyId().IsMatch(text);

    private static KeyEntry? ByAlias(KmsCall call, string name, bool isForeign)
    {
        if (!call.Operation.TakesAlias)
            throw Errors.NotFound($"Invalid keyId '{name}'");
        var key = call.Here.Alias(name)?.Record.Read(call.Now) is { } alias ? Visible(call, alias.TargetKeyId) : null;
        return key is null && !isForeign ? throw Errors.AliasNotFound(Arn.Alias(call.Owner.Id, call.Region, name)) : key;
    }

    /// <summary>Whoever acts on a key that no reader sees yet is told that there is none.</summary>
    private static KeyEntry? Visible(KmsCall call, string keyId) =>
        call.Here.Key(keyId) is { } key && key.Record.Read(call.Now) is not null ? key : null;

    [GeneratedRegex(@"^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\z", RegexOptions.ExplicitCapture)]
    private static partial Regex KeyId();
}
