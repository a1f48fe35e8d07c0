using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>What a ServiceKey must not be, because of its service.</summary>
internal static class ServiceRules
{
    /// <summary>The rules that need the spec alone.</summary>
    public static void Check(FieldErrors errors, ServiceKeySpec spec)
    {
        if (spec.Service is not { } service || ServiceLimits.TryGet(service) is not { } limits)
        {
            return;
        }

        errors.Require(
            !limits.SymmetricOnly || (spec.KeySpec ?? KeySpecs.Default) == KeySpecs.Default, "spec.keySpec",
            $"keySpec must be {KeySpecs.Default} with service {service}, which works with no other keys; remove keySpec, or leave the service out");
        errors.Require(
            !limits.SingleRegionOnly || spec.MultiRegion is not true, "spec.multiRegion",
            $"multiRegion must be false with service {service}, which does not work with multi-Region keys; remove it, or leave the service out");
        errors.Require(
            !limits.NoAlias || spec.Alias is null, "spec.alias",
            $"alias must be left out with service {service}, which takes keys by their id only");
    }

    /// <summary>The rule that needs the class: the Region.</summary>
    public static ReconcileError? FindMistake(ServiceKeySpec spec, string region) =>
        spec.Service is { } service && ServiceLimits.TryGet(service)?.Region is { } only && only != region
            ? ReconcileError.Terminal(Reasons.InvalidSpec, $"spec.service: {service} takes keys of {only} only, the KeyClass makes them in {region}. Use a class of {only}.")
            : null;
}
