using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>What a ServiceKey must not be, because of its service.</summary>
internal static class ServiceRules
{
    private const string Otherwise = "or leave the service out";

    /// <summary>The rules that need the spec alone.</summary>
    public static void Check(FieldErrors errors, ServiceKeySpec spec)
    {
        ServiceParameterRules.Check(errors, spec);
        if (spec.Service is not { } service || ServiceLimits.TryGet(service) is not { } limits)
        {
            return;
        }

        var isKeySpec = (spec.KeySpec ?? KeySpecs.Default) == limits.KeySpec;
        errors.Require(
            isKeySpec, "spec.keySpec",
            $"keySpec must be {limits.KeySpec} with service {service}, which works with no other keys; {(limits.IsSymmetric ? "remove keySpec" : "set it")}, {Otherwise}");
        errors.Require(
            !isKeySpec || limits.IsSymmetric || spec.KeyUsage == limits.KeyUsage, "spec.keyUsage",
            $"keyUsage must be {limits.KeyUsage} with service {service}, which works with no other keys; set it, {Otherwise}");
        errors.Require(
            !limits.SingleRegionOnly || spec.MultiRegion is not true, "spec.multiRegion",
            $"multiRegion must be false with service {service}, which does not work with multi-Region keys; remove it, {Otherwise}");
        errors.Require(
            !limits.NoAlias || spec.Alias is null, "spec.alias",
            $"alias must be left out with service {service}, which takes keys by their id only");
        errors.Require(
            !limits.NoAlias || spec.AdditionalAliases is not { Count: > 0 }, "spec.additionalAliases",
            $"additionalAliases must be left out with service {service}, which takes keys by their id only");
    }

    /// <summary>The rule that needs the class: the Region.</summary>
    public static ReconcileError? FindMistake(ServiceKeySpec spec, string region) =>
        spec.Service is { } service && ServiceLimits.TryGet(service)?.Region is { } only && only != region
            ? ReconcileError.Terminal(Reasons.InvalidSpec, $"spec.service: {service} takes keys of {only} only, the KeyClass makes them in {region}. Use a class of {only}.")
            : null;

    /// <summary>The rule for a replica: its primary's service works with multi-Region keys.</summary>
    public static ReconcileError? FindReplicaMistake(ServiceKey primary) =>
        primary.Spec.Service is { } service && ServiceLimits.TryGet(service) is { SingleRegionOnly: true }
            ? ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.primaryRef.name: ServiceKey {primary.Metadata.Name} is for service {service}, which does not work with multi-Region keys; name another primary, or remove this resource.")
            : null;
}
