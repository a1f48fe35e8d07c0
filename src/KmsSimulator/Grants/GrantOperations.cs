using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Grants;

/// <summary>CreateGrant, ListGrants, ListRetirableGrants, RevokeGrant, RetireGrant.</summary>
internal static class GrantOperations
{
    private const int MaxGrantsPerKey = 50_000;

    public static JsonObject CreateGrant(KmsCall call)
    {
        var input = call.Input;
        var grantee = input.String("GranteePrincipal", 1, 256, Pattern.Principal);
        var granteeService = input.String("GranteeServicePrincipal", 1, 256, Pattern.Principal);
        var retiring = input.String("RetiringPrincipal", 1, 256, Pattern.Principal);
        var retiringService = input.String("RetiringServicePrincipal", 1, 256, Pattern.Principal);
        if (grantee is null && granteeService is null)
            input.Missing("GranteePrincipal");
        var operations = GrantRules.ReadOperations(input);
        var name = input.String("Name", 1, 256, Pattern.AliasName);
        var constraints = GrantConstraints.Read(input);
        var dryRun = input.Boolean("DryRun") ?? false;
        input.GrantTokens();
        var key = call.KeyToWrite();
        GrantRules.CheckGrantee(grantee, granteeService, retiring, retiringService, constraints);
        GrantRules.CheckOperations(operations, key.Group);
        if (constraints is { HasContext: true } && !key.Group.IsSymmetricEncryption)
            throw Errors.Validation("Constraints on the encryption context are for symmetric encryption keys.");
        GrantRules.CheckPrincipal(grantee, call);
        GrantRules.CheckPrincipal(retiring, call);
        var grant = new Grant
        {
            Id = call.Owner.Ids.Hex(64),
            KeyId = key.KeyId,
            Name = name,
            CreationDate = call.Now,
            GranteePrincipal = grantee,
            GranteeService = granteeService,
            RetiringPrincipal = retiring,
            RetiringService = retiringService,
            IssuingAccount = Arn.Root(call.Partition, call.Caller.AccountId),
            Operations = [.. operations],
            Constraints = constraints,
        };
        var same = name is null ? null : key.GrantIds.Select(call.Here.Grant).OfType<Grant>().FirstOrDefault(grant.IsSameAs);
        if (same is null && key.GrantIds.Count >= MaxGrantsPerKey)
            throw Errors.LimitExceeded($"{key.Arn} has reached its limit of grants.");
        if (dryRun)
            throw Errors.DryRun();
        if (same is null)
            call.Owner.Write(call.Here, key, grant, call.Now);
        var created = same ?? grant;
        var token = GrantToken.Create(key.Arn, created.Id, call.Owner.Ids.Hex(16));
        return new JsonObject { ["GrantId"] = created.Id, ["GrantToken"] = token };
    }

    public static JsonObject ListGrants(KmsCall call)
    {
        var id = call.Input.String("GrantId", 1, 128);
        var grantee = call.Input.String("GranteePrincipal", 1, 256, Pattern.Principal);
        var paging = call.Paging(50, 100);
        var (key, _) = call.KeyToRead();
        if (id is not null && (!key.GrantIds.Contains(id) || call.Here.Grant(id, call.Now) is null))
            throw InvalidGrantId();
        return paging.Page(
            "Grants",
            key.GrantIds,
            name => call.Here.Grant(name, call.Now) is { } grant && (id ?? name) == name && (grantee is null || grantee == grant.GranteePrincipal || grantee == grant.GranteeService)
                ? grant
                : null,
            grant => Show(call, grant));
    }

    public static JsonObject ListRetirableGrants(KmsCall call)
    {
        var principal = call.Input.String("RetiringPrincipal", 1, 256, Pattern.Principal, required: true)!;
        return call.Paging(50, 100).Page("Grants", call.Here.GrantsToRetire(principal), id => call.Here.Grant(id, call.Now), grant => Show(call, grant));
    }

    public static JsonObject RevokeGrant(KmsCall call)
    {
        var id = call.Input.String("GrantId", 1, 128, required: true)!;
        var dryRun = call.Input.Boolean("DryRun") ?? false;
        Remove(call, call.KeyToWrite(), id, dryRun);
        return [];
    }

    public static JsonObject RetireGrant(KmsCall call)
    {
        var token = call.Input.String("GrantToken", 1, 8192);
        var id = call.Input.String("GrantId", 1, 128);
        var keyId = call.Input.String("KeyId", 1, 2048);
        var dryRun = call.Input.Boolean("DryRun") ?? false;
        call.Input.Validate();
        if (token is not null == (id is not null || keyId is not null) || id is null != keyId is null)
            throw Errors.Validation("Give either a GrantToken, or a KeyId and a GrantId.");
        if (token is null)
        {
            Retire(call, call.KeyToWrite(), id!, dryRun);
            return [];
        }

        if (!GrantToken.TryRead(token, out var arn, out var grantId)
            || !Arn.TryParse(arn, out var region, out _, out var resource) || region != call.Region
            || call.Here.Key(resource[4..]) is not { } key || !Exists(call, key, grantId))
        {
            throw new ServiceException("InvalidGrantTokenException", "The grant token is not valid.");
        }

        call.KeyArn = key.Arn;
        Retire(call, key, grantId, dryRun);
        return [];
    }

    private static void Retire(KmsCall call, KeyEntry key, string id, bool dryRun)
    {
        if (Exists(call, key, id) && !GrantPermission.MayRetire(call, call.Here.Grant(id)!))
            throw Errors.AccessDenied(call.Caller, call.Operation.Name, key.Arn);
        Remove(call, key, id, dryRun);
    }

    private static void Remove(KmsCall call, KeyEntry key, string id, bool dryRun)
    {
        if (!Exists(call, key, id))
            throw InvalidGrantId();
        if (dryRun)
            throw Errors.DryRun();
        call.Owner.RemoveGrant(call.Here, key, id, call.Now);
    }

    private static bool Exists(KmsCall call, KeyEntry key, string id) => key.GrantIds.Contains(id) && call.Here.Grant(id) is not null;

    private static JsonObject Show(KmsCall call, Grant grant)
    {
        var json = new JsonObject
        {
            ["KeyId"] = Arn.Key(call.Owner.Id, call.Region, grant.KeyId),
            ["GrantId"] = grant.Id,
            ["Name"] = grant.Name ?? "",
            ["CreationDate"] = KeyMetadata.Time(grant.CreationDate),
            ["IssuingAccount"] = grant.IssuingAccount,
            ["Operations"] = new JsonArray([.. grant.Operations.Select(name => (JsonNode)name)]),
        };
        foreach (var (name, principal) in (ReadOnlySpan<(string, string?)>)
            [
                ("GranteePrincipal", grant.GranteePrincipal), ("GranteeServicePrincipal", grant.GranteeService),
                ("RetiringPrincipal", grant.RetiringPrincipal), ("RetiringServicePrincipal", grant.RetiringService),
            ])
        {
            if (principal is not null)
                json[name] = principal;
        }

        if (grant.Constraints is { } constraints)
            json["Constraints"] = JsonNode.Parse(constraints.Text);
        return json;
    }

    private static ServiceException InvalidGrantId() => new("InvalidGrantIdException", "The grant id is not valid.");
}
