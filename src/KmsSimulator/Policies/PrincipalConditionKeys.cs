using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Policies;

/// <summary>The condition keys that tell who calls, and how.</summary>
/// <remarks>Source: AWS IAM user guide, "AWS global condition context keys"; AWS KMS developer guide, "Condition keys for AWS KMS".</remarks>
internal static class PrincipalConditionKeys
{
    /// <summary>Values of a key, by its name in lower case; null when the request has none.</summary>
    public static IReadOnlyList<string>? ValuesOf(Simulation simulation, Caller caller, string key) => One(key switch
    {
        "kms:calleraccount" or "aws:principalaccount" => caller.Service is null ? caller.AccountId : null,
        "kms:viaservice" => caller.ViaService,
        "aws:principalarn" => caller.Service is null ? caller.PrincipalArn : null,
        "aws:principalorgid" => caller.Service is null ? simulation.Organizations.Of(caller.AccountId) : null,
        "aws:principaltype" => caller.Service is not null ? null : caller.PrincipalArn != caller.Arn ? "AssumedRole"
            : PolicyPrincipal.IsRoot(caller.Arn, out _) ? "Account" : "User",
        "aws:principalisawsservice" => caller.Service is null ? "false" : "true",
        "aws:principalservicename" => caller.Service,
        "aws:viaawsservice" => caller.ViaService is null ? "false" : "true",
        "aws:userid" => caller.UserId,
        "aws:sourcearn" => caller.SourceArn,
        "aws:sourceaccount" => caller.SourceAccount,
        "aws:sourceorgid" => caller.SourceAccount is { } account ? simulation.Organizations.Of(account) : null,
        _ => null,
    });

    private static string[]? One(string? value) => value is null ? null : [value];
}
