using System.Text.Json.Nodes;
using KmsSimulator.Protocol;
using KmsSimulator.Rotation;
using KmsSimulator.State;

namespace KmsSimulator.Keys;

/// <summary>DescribeKey, ListKeys, UpdateKeyDescription, EnableKey, DisableKey.</summary>
internal static class KeyOperations
{
    public static JsonObject DescribeKey(KmsCall call)
    {
        call.Input.GrantTokens();
        GiveKeyToAwsAlias(call);
        var (key, record) = call.KeyToRead();
        return new JsonObject { ["KeyMetadata"] = KeyMetadata.Of(key, record, call.SharedToRead(key), call.Now) };
    }

    public static JsonObject ListKeys(KmsCall call) => call.Paging(100, 1000).Page(
        "Keys",
        call.Here.KeyIds,
        id => call.Here.Key(id) is { } key && key.Record.Read(call.Now) is not null ? key : null,
        key => new JsonObject { ["KeyId"] = key.KeyId, ["KeyArn"] = key.Arn });

    public static JsonObject UpdateKeyDescription(KmsCall call)
    {
        var description = call.Input.String("Description", 0, CreateKeyOperation.MaxDescription, required: true);
        var key = call.KeyToWrite();
        call.Owner.Write(key, key.Current with { Description = description! }, call.Now);
        return [];
    }

    public static JsonObject EnableKey(KmsCall call)
    {
        var key = call.KeyToWrite();
        call.Owner.Write(key, key.Current with { State = KeyState.Enabled }, call.Now);
        AutomaticRotation.CatchUp(call.Owner, key, call.Now);
        return [];
    }

    public static JsonObject DisableKey(KmsCall call)
    {
        var key = call.KeyToWrite();
        call.Owner.Write(key, key.Current with { State = KeyState.Disabled }, call.Now);
        return [];
    }

    /// <summary>An AWS alias that has no key yet gets one when it is described.</summary>
    private static void GiveKeyToAwsAlias(KmsCall call)
    {
        var text = call.Input.Peek("KeyId") ?? "";
        var name = Arn.TryParse(text, out var region, out var account, out var resource)
            && region == call.Region && account == call.Caller.AccountId ? resource : text;
        if (AwsManagedKeys.IsAlias(name) && call.Here.Alias(name) is null)
            AwsManagedKeys.Create(call.Owner, call.Region, call.Here, name, call.Now);
    }
}
