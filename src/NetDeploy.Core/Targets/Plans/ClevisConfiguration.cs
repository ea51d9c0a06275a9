using System.Text.Json;
using System.Text.Json.Nodes;
using NetDeploy.Core.Profiles;

namespace NetDeploy.Core.Targets.Plans;

/// <summary>What <c>clevis luks bind</c> is told: the pin's configuration as JSON (clevis-encrypt-tang(1), clevis-encrypt-tpm2(1)).</summary>
internal static class ClevisConfiguration
{
    public static string Of(EncryptionSpec encryption) => encryption switch
    {
        { Unlock: UnlockMethod.Tang, Tang: { } tang } => Tang(tang).ToJsonString(JsonSerializerOptions.Default),
        { Unlock: UnlockMethod.Tpm2 } => Tpm2(encryption).ToJsonString(JsonSerializerOptions.Default),
        _ => "",
    };

    private static JsonObject Tang(TangSpec tang)
    {
        var json = new JsonObject { ["url"] = tang.Url };
        if (tang.Thumbprint is { } thumbprint)
        {
            json["thp"] = thumbprint;
        }

        return json;
    }

    private static JsonObject Tpm2(EncryptionSpec encryption)
    {
        var json = new JsonObject();
        if (encryption.Pcrs.Length > 0)
        {
            json["pcr_bank"] = "sha256";
            json["pcr_ids"] = string.Join(',', encryption.Pcrs);
        }

        return json;
    }
}
