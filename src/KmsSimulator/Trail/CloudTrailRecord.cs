using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Protocol;
using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Trail;

/// <summary>The record of a call that CloudTrail makes, in the event with which EventBridge sends it on.</summary>
/// <remarks>
/// Source: AWS KMS developer guide, "Logging AWS KMS API calls with AWS CloudTrail"; CloudTrail user guide, "CloudTrail userIdentity element";
/// EventBridge user guide, "AWS service events delivered via AWS CloudTrail".
/// </remarks>
internal static class CloudTrailRecord
{
    /// <summary>The calls that EventBridge sends on unless it is asked for more: those that CloudTrail does not call read-only.</summary>
    private static readonly FrozenSet<string> Writes = FrozenSet.Create(
        StringComparer.Ordinal,
        "CancelKeyDeletion", "CreateAlias", "CreateGrant", "CreateKey", "DeleteAlias", "DeleteImportedKeyMaterial", "DisableKey", "DisableKeyRotation", "EnableKey",
        "EnableKeyRotation", "ImportKeyMaterial", "PutKeyPolicy", "ReplicateKey", "RetireGrant", "RevokeGrant", "RotateKeyOnDemand", "ScheduleKeyDeletion",
        "TagResource", "UntagResource", "UpdateAlias", "UpdateKeyDescription", "UpdatePrimaryRegion");

    // CloudTrail leaves secrets out.
    private static readonly FrozenSet<string> Omitted = FrozenSet.Create(StringComparer.Ordinal, "EncryptedKeyMaterial", "ImportToken", "GrantTokens");

    public static bool IsWrite(string operation) => Writes.Contains(operation);

    /// <summary>The event of a call.</summary>
    /// <param name="call">The call, after it has run.</param>
    /// <param name="error">What it failed with; null if it did not.</param>
    /// <param name="number">Number of the event, for its ids.</param>
    public static JsonObject Of(KmsCall call, ServiceException? error, long number)
    {
        var time = call.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var record = new JsonObject
        {
            ["eventVersion"] = "1.11",
            ["userIdentity"] = Identity(call.Caller),
            ["eventTime"] = time,
            ["eventSource"] = "kms.amazonaws.com",
            ["eventName"] = call.Operation.Name,
            ["awsRegion"] = call.Region,
            ["sourceIPAddress"] = "127.0.0.1",
            ["userAgent"] = "kms-simulator",
            ["requestParameters"] = Parameters(call.Input.Root),
            ["responseElements"] = error is null && call.KeyArn is not null ? new JsonObject { ["keyId"] = call.KeyArn } : null,
            ["requestID"] = call.RequestId,
            ["eventID"] = $"{number:x8}-1111-4111-8111-000000000000",
            ["readOnly"] = false,
            ["resources"] = Resources(call),
            ["eventType"] = "AwsApiCall",
            ["managementEvent"] = true,
            ["recipientAccountId"] = call.Owner.Id,
            ["eventCategory"] = "Management",
        };
        if (error is not null)
        {
            record["errorCode"] = error.Code == "AccessDeniedException" ? "AccessDenied" : error.Code;
            record["errorMessage"] = error.Message;
        }

        return new JsonObject
        {
            ["version"] = "0",
            ["id"] = $"{number:x8}-2222-4222-8222-000000000000",
            ["detail-type"] = "AWS API Call via CloudTrail",
            ["source"] = "aws.kms",
            ["account"] = call.Owner.Id,
            ["time"] = time,
            ["region"] = call.Region,
            ["resources"] = new JsonArray(),
            ["detail"] = record,
        };
    }

    private static JsonObject Identity(Caller caller)
    {
        if (caller.Service is not null)
            return new JsonObject { ["type"] = "AWSService", ["invokedBy"] = caller.Service };
        var identity = new JsonObject { ["principalId"] = caller.UserId, ["arn"] = caller.Arn, ["accountId"] = caller.AccountId };
        if (caller.Arn != caller.PrincipalArn)
        {
            identity["type"] = "AssumedRole";
            identity["sessionContext"] = new JsonObject
            {
                ["sessionIssuer"] = new JsonObject
                {
                    ["type"] = "Role",
                    ["principalId"] = caller.UserId.Split(':')[0],
                    ["arn"] = caller.PrincipalArn,
                    ["accountId"] = caller.AccountId,
                    ["userName"] = NameIn(caller.PrincipalArn),
                },
            };
        }
        else if (caller.Arn.EndsWith(":root", StringComparison.Ordinal))
        {
            identity["type"] = "Root";
        }
        else
        {
            (identity["type"], identity["userName"]) = ("IAMUser", NameIn(caller.Arn));
        }

        if (caller.ViaService is not null)
            identity["invokedBy"] = caller.ViaService;
        return identity;
    }

    private static JsonArray Resources(KmsCall call)
    {
        var resources = new JsonArray();
        if (call.Input.Peek("AliasName") is { } alias && alias.StartsWith("alias/", StringComparison.Ordinal))
            Add("AWS::KMS::Alias", Arn.Alias(call.Owner.Id, call.Region, alias));
        if (call.KeyArn is { } key && Arn.AccountOf(key) is not null)
            Add("AWS::KMS::Key", key);
        return resources;

        void Add(string type, string arn) => resources.Add((JsonNode)new JsonObject { ["accountId"] = call.Owner.Id, ["type"] = type, ["ARN"] = arn });
    }

    private static JsonObject Parameters(JsonElement input) => new(input.EnumerateObject()
        .Where(member => !Omitted.Contains(member.Name))
        .Select(member => KeyValuePair.Create(Camel(member.Name), Camel(member.Value))));

    private static JsonNode? Camel(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => Parameters(value),
        JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().Select(Camel)]),
        _ => JsonNode.Parse(value.GetRawText()),
    };

    private static string Camel(string name) => name.Length == 0 ? name : char.ToLowerInvariant(name[0]) + name[1..];

    private static string NameIn(string arn) => arn[(arn.LastIndexOf('/') + 1)..];
}
