using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>The rules of <see cref="KeyReplica"/>.</summary>
internal static class KeyReplicaRules
{
    public static void Check(FieldErrors errors, KeyReplica replica)
    {
        var spec = replica.Spec;
        Primary(errors, spec);
        var regionIsFine = SharedRules.Region(errors, "spec.region", spec.Region);
        var arnIsFine = SharedRules.Arn(
            errors, "spec.primaryKeyArn", spec.PrimaryKeyArn, Patterns.KeyArn, "the ARN of a KMS key (an alias will not do)");
        if (regionIsFine && arnIsFine)
            errors.Require(spec.PrimaryKeyArn!.Split(':')[3] != spec.Region, "spec.region", "region must not be the primary's own Region");
        AliasName.Check(errors, "spec.alias", spec.Alias);
        AliasName.CheckAdditional(errors, spec.AdditionalAliases);
        SharedRules.Description(errors, spec.Description);
        SharedRules.Access(errors, spec.Access);
        GrantRules.Check(errors, spec.Grants);
        SharedRules.Policy(errors, spec.Policy);
        SharedRules.Tags(errors, spec.Tags);
        SharedRules.Deletion(errors, spec.DeletionPolicy, spec.PendingDeletionWindowDays);
        SharedRules.Publish(errors, spec.Publish);
        SharedRules.Management(errors, spec.Adopt, spec.ManagementPolicy);
        ClassName.CheckAgainstStatus(errors, spec.ClassName, replica.Status);
        if (replica.Status is { KeyId: not null, Region: { } made })
            errors.Require(spec.Region == made, "spec.region", Immutable("region"));
    }

    public static void CheckUpdate(FieldErrors errors, KeyReplica before, KeyReplica after)
    {
        var (was, now) = (before.Spec, after.Spec);
        errors.Require(was.PrimaryRef?.Name == now.PrimaryRef?.Name, "spec.primaryRef", Immutable("primaryRef"));
        errors.Require(was.PrimaryKeyArn == now.PrimaryKeyArn, "spec.primaryKeyArn", Immutable("primaryKeyArn"));
        errors.Require(was.Region == now.Region, "spec.region", Immutable("region"));
        ClassName.CheckUpdate(errors, was.ClassName, now.ClassName, before.Status);
    }

    private static void Primary(FieldErrors errors, KeyReplicaSpec spec)
    {
        errors.Require(
            spec.PrimaryRef is null != spec.PrimaryKeyArn is null, "spec",
            "exactly one of primaryRef and primaryKeyArn must be set, the first for a ServiceKey of this namespace");
        SharedRules.Name(errors, "spec.primaryRef.name", spec.PrimaryRef?.Name);
        SharedRules.Name(errors, "spec.className", spec.ClassName);
        errors.Require(
            spec.ClassName is null || spec.PrimaryKeyArn is not null, "spec.className",
            "className is only allowed with primaryKeyArn, a replica of a ServiceKey has its class");
    }

    private static string Immutable(string name) => $"{name} is immutable, create another resource instead";
}
