using System.Text.Json;

namespace KmsOperator.Importing.Terraform;

/// <summary>Puts the resources of a state together: a key, its aliases, its policy and its grants.</summary>
internal static class TerraformKeys
{
    /// <summary>The keys of a state.</summary>
    /// <param name="file">The file's name, for errors.</param>
    /// <param name="content">Its bytes, which are zero after the call.</param>
    public static ForeignKeys Read(string file, byte[] content)
    {
        try
        {
            var keys = Of(TerraformState.Read(file, content));
            return keys.Keys.Count + keys.Left.Count > 0
                ? keys
                : ForeignKeys.Failed(file, 0, "holds no KMS keys (aws_kms_key, aws_kms_replica_key). Is it the state of the right workspace?");
        }
        catch (TerraformStateException exception)
        {
            return ForeignKeys.Failed(exception.File, exception.Line, exception.Message);
        }
        catch (InvalidOperationException)
        {
            // What the JSON reader says of an escape that is half a character.
            return ForeignKeys.Failed(file, 0, "has an escape that stands for no character; write the state with Terraform again");
        }
    }

    /// <summary>The keys among resources.</summary>
    public static ForeignKeys Of(IReadOnlyList<TerraformResource> resources)
    {
        var left = new List<Leftover>();
        var kept = new List<ForeignSource>();
        var keys = new Dictionary<string, ForeignKey>(StringComparer.Ordinal);
        foreach (var resource in resources)
        {
            if (resource.Type is "aws_kms_external_key" or "aws_kms_replica_external_key")
            {
                Leave(resource, ForeignKey.OfAnotherOrigin("Terraform"));
            }
            else if (resource.Type is "aws_kms_key" or "aws_kms_replica_key")
            {
                AddKey(resource);
            }
        }

        foreach (var resource in resources.Where(resource => resource.Type is "aws_kms_alias" or "aws_kms_key_policy" or "aws_kms_grant"))
        {
            var target = resource.Text("target_key_arn") ?? resource.Text("key_id") ?? resource.Text("target_key_id") ?? "";
            var region = resource.Text("arn") is { } arn && arn.Split(':').Length > 5 ? ForeignKey.RegionOf(arn) : resource.Text("region");
            switch (keys.Values.Where(key => key.Arn == target || (key.KeyId == target && (region is null || region == key.Region))).ToArray())
            {
                case [var key]:
                    keys[key.Arn] = Attach(key, resource) with { Sources = [.. key.Sources, resource.Source] };
                    break;
                case []:
                    Leave(resource, $"its key {target} is not among the keys of this state that can be imported; it stays with Terraform");
                    break;
                case var several:
                    Leave(resource, $"its key {target} is in {string.Join(" and ", several.Select(key => key.Region))}, and the state does not say which of them is meant; give key_id as an ARN, apply, and import again");
                    break;
            }
        }

        return new ForeignKeys { Keys = [.. keys.Values], Left = left, Kept = kept };

        void Leave(TerraformResource resource, string message)
        {
            left.Add(new Leftover(resource.Address, message));
            kept.Add(resource.Source);
        }

        void AddKey(TerraformResource resource)
        {
            if (resource.Text("arn") is not { } arn || !ForeignKey.IsArn(arn))
            {
                Leave(resource, "has no ARN in the state. Let Terraform finish (`terraform apply`), and import again");
            }
            else if (resource.Text("custom_key_store_id") is not null)
            {
                Leave(resource, ForeignKey.OfAnotherOrigin("Terraform"));
            }
            else if (keys.TryGetValue(arn, out var known))
            {
                keys[arn] = known with { Sources = [.. known.Sources, resource.Source] };
            }
            else
            {
                keys[arn] = resource.Type == "aws_kms_key" ? Key(resource, arn) : Replica(resource, arn);
            }
        }
    }

    private static ForeignKey Key(TerraformResource resource, string arn) => Common(resource, arn) with
    {
        KeySpec = resource.Text("customer_master_key_spec") ?? "SYMMETRIC_DEFAULT",
        Enabled = resource.Flag("is_enabled") ?? true,
        MultiRegion = resource.Flag("multi_region") ?? false,
        Rotation = new ForeignRotation(resource.Flag("enable_key_rotation") ?? false, resource.Number("rotation_period_in_days")),
    };

    private static ForeignKey Replica(TerraformResource resource, string arn) => Common(resource, arn) with
    {
        KeySpec = resource.Text("key_spec") ?? "SYMMETRIC_DEFAULT",
        Enabled = resource.Flag("enabled") ?? true,
        MultiRegion = true,
        PrimaryArn = resource.Text("primary_key_arn"),
    };

    private static ForeignKey Common(TerraformResource resource, string arn) => new()
    {
        Arn = arn,
        Sources = [resource.Source],
        NameHint = resource.NameHint,
        ServiceHint = resource.Index is { ValueKind: JsonValueKind.String } key ? key.GetString() : null,
        Description = resource.Text("description") ?? "",
        KeyUsage = resource.Text("key_usage") ?? "ENCRYPT_DECRYPT",
        Policy = resource.Text("policy"),

        // The provider's default tags are on the key as well; only tags_all has them.
        Tags = resource.Map("tags_all") ?? resource.Map("tags") ?? [],
        DeletionWindowDays = resource.Number("deletion_window_in_days"),
    };

    private static ForeignKey Attach(ForeignKey key, TerraformResource resource) => resource.Type switch
    {
        "aws_kms_alias" => key with { Aliases = [.. key.Aliases, .. new[] { resource.Text("name") }.OfType<string>()] },

        // The resource of its own is what was put last.
        "aws_kms_key_policy" => key with { Policy = resource.Text("policy") ?? key.Policy },
        _ => key with { Grants = [.. key.Grants, Grant(resource)] },
    };

    private static ForeignGrant Grant(TerraformResource resource) => new ForeignGrant(resource.Address, resource.NameHint)
    {
        Id = resource.Text("grant_id"),
        Name = resource.Text("name"),
        GranteePrincipal = resource.Text("grantee_principal"),
        RetiringPrincipal = resource.Text("retiring_principal"),
        Operations = resource.Texts("operations"),
        Obstacle = resource.Text("grant_id") is null ? "the state has no id of it, so it may not be made yet. Let Terraform finish (`terraform apply`), and import again" : null,
    }.With(Constraints(resource, "encryption_context_equals"), Constraints(resource, "encryption_context_subset"));

    private static IEnumerable<Dictionary<string, string>> Constraints(TerraformResource resource, string name) =>
        from item in resource.Items("constraints")
        where item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var pairs) && pairs.ValueKind == JsonValueKind.Object
        select item.GetProperty(name).EnumerateObject().Where(pair => pair.Value.ValueKind == JsonValueKind.String).ToDictionary(pair => pair.Name, pair => pair.Value.GetString()!);
}
