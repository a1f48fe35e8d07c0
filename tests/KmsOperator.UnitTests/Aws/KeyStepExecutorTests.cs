using System.Text.Json;
using KmsOperator.Aws;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Aws;

public sealed class KeyStepExecutorTests
{
    [Fact]
    public void The_list_of_operations_has_those_of_all_steps_and_no_others()
    {
        using var empty = JsonDocument.Parse("{}");
        KeyStep[] steps =
        [
            new CancelKeyDeletionStep(), new CreateAliasStep("alias/a"), new CreateGrantStep(new DesiredGrant("a", ["Decrypt"])), new DeleteAliasStep("alias/a"), new DisableKeyStep(), new DisableKeyRotationStep(), new EnableKeyStep(),
            new EnableKeyRotationStep(365), new PutKeyPolicyStep(KeyPolicy.Of(empty.RootElement)), new RevokeGrantStep(new ObservedGrant("id", GrantName.Of("a", new string('0', 64)), ["Decrypt"]), Successor: null), new RotateKeyOnDemandStep("now"), new ScheduleKeyDeletionStep(7),
            new TagResourceStep(new Dictionary<string, string>()), new UntagResourceStep([]), new UpdateAliasStep("alias/a", "key"), new UpdateKeyDescriptionStep(""),
            new UpdatePrimaryRegionStep("eu-west-1"),
        ];
        // Imports need the material as well.
        var import = new ImportKeyMaterialStep(new DesiredMaterial("secret", null, null));
        Assert.Contains(import.Operation, KeyMaterialImport.Operations);
        var kinds = typeof(KeyStep).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(KeyStep)) && !type.IsAbstract);
        Assert.Equal(kinds.Select(kind => kind.Name).Order(StringComparer.Ordinal), steps.Append(import).Select(step => step.GetType().Name).Order(StringComparer.Ordinal));
        Assert.Equal(steps.Select(step => step.Operation).Order(StringComparer.Ordinal), KeyStepExecutor.Operations.Order(StringComparer.Ordinal));
    }
}
