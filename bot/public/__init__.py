"""The public listener: webhooks of the gateways beside the web chat. The only part of Safar the outside can reach."""
